import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ALERTS } from '../../../tools/monitoring/alerts.ts';
import { run } from '../../control-plane/run.ts';
import { EXPECTATIONS } from './expectations.ts';
import { program } from './program.ts';
import { promtoolTests } from './promtool-tests.ts';
import { readRecording } from './recording.ts';

const TESTS = new URL('alerts.promtool.yaml', import.meta.url).pathname;
const RULES = new URL('../../../deploy/monitoring/alerts.yaml', import.meta.url).pathname;

test('Prometheus accepts the alerts', async () => {
  const { code, out, err } = await run(program('promtool'), ['check', 'rules', RULES]);

  expect([code, out + err]).toEqual([0, expect.stringContaining(`${ALERTS.length} rules found`)]);
});

test('each alert fires in its moment of a recorded run and in no other', async () => {
  const { code, out, err } = await run(program('promtool'), ['test', 'rules', TESTS]);

  expect([code, out + err]).toEqual([0, expect.stringContaining('SUCCESS')]);
});

test('the tests of promtool are made from the recording; otherwise run npm run record:monitoring -- --tests', () => {
  const committed = readFileSync(TESTS, 'utf8');

  expect(committed).toBe(promtoolTests(readRecording(), '../../../deploy/monitoring/alerts.yaml'));
});

test('there is a moment for every alert to fire in, and one in which none does', () => {
  const fired = new Set(
    Object.values(EXPECTATIONS).flatMap((all) => all.map(({ alert }) => `SesLambdaPipeline${alert}`)),
  );

  expect([...fired].sort()).toEqual(ALERTS.map(({ name }) => name).sort());
  expect(EXPECTATIONS['all is well']).toEqual([]);
  expect(Object.keys(EXPECTATIONS).sort()).toEqual(
    [...readRecording().map(({ name }) => name), 'a reconcile throws'].sort(),
  );
});
