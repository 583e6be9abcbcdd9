import { InvokeCommand, type CreateFunctionCommandInput, type InvocationType } from '@aws-sdk/client-lambda';
import { createFunction, createRole, startFixture, type Fixture } from '../mail-fixture.ts';

/** A sandbox with one function, `f`. */
export async function startWith(
  code: string | Readonly<Record<string, string>>,
  settings: Partial<CreateFunctionCommandInput> = {},
  options: Parameters<typeof startFixture>[0] = {},
): Promise<Fixture> {
  const world = await startFixture(options);
  await createRole(world);
  await createFunction(world, 'f', code, settings);
  return world;
}

export async function invoke({ lambda }: Fixture, payload: unknown = {}, InvocationType?: InvocationType) {
  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: 'f', Payload: JSON.stringify(payload), LogType: 'Tail', InvocationType }),
  );
  const text = Buffer.from(answer.Payload ?? []).toString();
  return {
    status: answer.StatusCode,
    error: answer.FunctionError,
    payload: text === '' ? undefined : JSON.parse(text),
    log: Buffer.from(answer.LogResult ?? '', 'base64').toString(),
    requestId: answer.$metadata.requestId ?? '',
  };
}

/** The whole log of `f`. */
export const texts = ({ sandbox }: Fixture): string[] => sandbox.lambda.logs.lines('f').map(({ text }) => text);
