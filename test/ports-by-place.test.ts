import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../src/aws/system-clock.ts';
import type { RoleSession } from '../src/core/tenancy.ts';
import { portsByPlace } from '../src/ports-by-place.ts';
import { faultFrom } from './aws/support/ports.ts';
import {
  queryAction,
  scriptedServer,
  type ScriptedReply,
  type ScriptedRequest,
} from './aws/support/scripted-server.ts';

const session = (account: string, namespace: string): RoleSession => ({
  roleArn: `arn:aws:iam::${account}:role/${namespace}`,
  sessionName: `slp.${namespace}`,
  externalId: undefined,
  tags: {},
});
const A = session('111122223333', 'a');
const B = session('111122223333', 'b');
const ELSEWHERE = session('444455556666', 'c');

/** An access key that tells the role it is for. */
const keyOf = ({ body }: ScriptedRequest): string => (new URLSearchParams(body).get('RoleArn') ?? '').slice(-1);

const assumed = (request: ScriptedRequest): ScriptedReply => ({
  status: 200,
  body:
    `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA${keyOf(request)}</AccessKeyId>` +
    '<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>' +
    `<Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
});

async function world(callsPerSecond: number) {
  const server = await scriptedServer((request) =>
    queryAction(request) === 'AssumeRole'
      ? assumed(request)
      : { status: 200, body: '<r><DescribeActiveReceiptRuleSetResult/></r>' },
  );
  onTestFinished(() => server[Symbol.asyncDispose]());
  const waits: number[] = [];
  const ports = portsByPlace({
    clock: systemClock(),
    endpointUrl: server.url,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's' },
    sesCallsPerSecond: callsPerSecond,
    onLaneWaited: (waitMs) => void waits.push(waitMs),
  });
  onTestFinished(() => ports.close());
  const keys = (): string[] =>
    server.requests
      .filter((request) => queryAction(request) === 'DescribeActiveReceiptRuleSet')
      .map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? '')?.[1] ?? '');
  return { ports, waits, keys };
}

describe('portsByPlace', () => {
  it('connects once for each role and region', async () => {
    const { ports } = await world(1_000);

    expect(ports.of({ region: 'us-west-2', role: A })).toBe(ports.of({ region: 'us-west-2', role: { ...A } }));
    expect(ports.of({ region: 'us-west-2', role: A })).not.toBe(ports.of({ region: 'us-west-2', role: B }));
    expect(ports.of({ region: 'us-west-2', role: A })).not.toBe(ports.of({ region: 'eu-west-1', role: A }));
    expect(ports.of({ region: 'us-west-2' })).not.toBe(ports.of({ region: 'us-west-2', role: A }));
  });

  it('lets the roles of one account wait for each other, and nobody else', async () => {
    const { ports, waits } = await world(4);
    const ask = (role: RoleSession, region = 'us-west-2') => ports.of({ region, role }).receiptRules.describeActive();

    await Promise.all([ask(A), ask(ELSEWHERE), ask(A, 'eu-west-1'), ask(B)]);

    expect(waits.map((waitMs) => waitMs >= 200)).toEqual([false, false, false, true]);
  });

  it('asks for each role with its own credentials, and once for what one role asks twice', async () => {
    const { ports, keys } = await world(20);
    const ask = (role: RoleSession) => ports.of({ region: 'us-west-2', role }).receiptRules.describeActive();

    await Promise.all([ask(ELSEWHERE), ask(A), ask(B), ask(B)]);

    expect(keys().toSorted()).toEqual(['ASIAa', 'ASIAb', 'ASIAc']);
  });

  it('sends nothing once it is closed', async () => {
    const { ports, keys } = await world(1_000);
    const { receiptRules } = ports.of({ region: 'us-west-2', role: A });
    ports.close();

    expect(await faultFrom(receiptRules.describeActive())).toMatchObject({ class: 'transient' });
    expect(keys()).toEqual([]);
  });
});
