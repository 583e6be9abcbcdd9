import { get } from 'node:http';
import { expect, test } from 'vitest';
import { runningSandbox } from './support/running-sandbox.ts';

const SIGNED = 'X-Amz-Credential=a%2F20261122%2Fus-west-2%2Flambda%2Faws4_request';

test.each(['http://attacker.example', 'null', 'http://127.0.0.1:8080'])(
  'refuses what a web page of %s sends, or any page could make functions and run them on this machine',
  async (origin) => {
    const { url } = await runningSandbox();
    const send = (headers: Record<string, string>) =>
      fetch(`${url}/2015-03-31/functions?${SIGNED}`, { method: 'POST', body: '{}', headers });

    const refused = await send({ origin });

    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('web page');
    expect((await send({})).status).toBe(400);
  },
);

test('refuses its own pages to a web page too', async () => {
  const { url } = await runningSandbox();

  expect((await fetch(`${url}/_sandbox/mails`, { headers: { origin: 'http://attacker.example' } })).status).toBe(403);
  expect((await fetch(`${url}/_sandbox/mails`)).status).toBe(200);
});

test('shows its pages under names of this machine only, since a name of an attacker can be made to point here', async () => {
  const { port } = await runningSandbox();
  const statusFor = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/_sandbox/mails', headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });

  expect(await statusFor(`attacker.example:${port}`)).toBe(403);
  expect(await statusFor(`localhost:${port}`)).toBe(200);
});
