import type { AwsErrorShape } from './service.ts';

/** A refusal as AWS words it; the protocol of the service turns it into a reply. Anything else thrown is a bug: 500. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly shape: AwsErrorShape;

  constructor(status: number, code: string, message: string, members?: Readonly<Record<string, string>>) {
    super(message);
    this.shape = members === undefined ? { status, code, message } : { status, code, message, members };
  }
}

/** The sandbox knows what was asked for but does not have it: said plainly instead of a wrong answer. */
export function notImplemented(operation: string): AwsError {
  return new AwsError(
    501,
    'NotImplemented',
    `The sandbox does not implement ${operation}: it has only what a mail pipeline needs. Use a real AWS account for it.`,
  );
}

/** What the client is told about an exception: an `AwsError` as it is, any other as InternalFailure. */
export function shapeOf(error: unknown): AwsErrorShape {
  if (error instanceof AwsError) return error.shape;
  const why = error instanceof Error ? error.message : String(error);
  return { status: 500, code: 'InternalFailure', message: `The sandbox failed: ${why}. This is a bug of the sandbox.` };
}
