import type { Finding } from './finding.ts';
import { counted } from './words.ts';

/** How busy a controller is, as its page of metrics tells. */
export type LaneLoad = {
  /** Pipelines that wait to be looked at. */
  readonly queued: number;
  /** Calls to SES since the controller started. */
  readonly calls: number;
  /** Seconds within which nine of ten calls got their turn; undefined: none was made, or more than can be told. */
  readonly waitSeconds: number | undefined;
  /** Calls that SES refused since others have used up what the account may make. */
  readonly throttled: number;
};

type Sample = { readonly name: string; readonly labels: string; readonly value: number };

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
function samplesOf(page: string): readonly Sample[] {
  return page.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(\{[^}]*\})? (\S+)/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels, value: Number(value) }];
  });
}

const WAIT = 'ses_lambda_pipeline_aws_bucket_wait_seconds';
const SHARE = 0.9;

/** Undefined for a page that is not a controller's. */
export function readLaneLoad(page: string): LaneLoad | undefined {
  const samples = samplesOf(page);
  const sum = (name: string, labels = ''): number =>
    samples
      .filter((each) => each.name === name && each.labels.includes(labels))
      .reduce((all, each) => all + each.value, 0);
  if (!samples.some(({ name }) => name === `${WAIT}_count`)) return undefined;
  const calls = sum(`${WAIT}_count`);
  const buckets = samples
    .filter(({ name }) => name === `${WAIT}_bucket`)
    .map(({ labels, value }) => ({ upTo: Number(/le="([^"]+)"/.exec(labels)?.[1]), value }))
    .filter(({ upTo }) => Number.isFinite(upTo));
  return {
    queued: sum('workqueue_depth'),
    calls,
    waitSeconds: calls === 0 ? undefined : buckets.find(({ value }) => value >= SHARE * calls)?.upTo,
    throttled: sum('ses_lambda_pipeline_aws_throttled_total', 'service="ses"'),
  };
}

/** Above this a change of a few rules takes minutes. */
const LONG_SECONDS = 10;

/** Whether calls to SES get their turn in time: all of an account and region share one a second. */
export function judgeLane({ queued, calls, waitSeconds, throttled }: LaneLoad): Finding<'lane'> {
  const check = 'lane';
  const waiting = `${counted(queued, 'pipeline')} ${queued === 1 ? 'waits' : 'wait'} in the queue`;
  if (calls === 0) return { check, outcome: 'ok', message: `SES has not been called yet; ${waiting}` };
  const wait = waitSeconds === undefined ? 'more than 10 minutes' : `up to ${waitSeconds} s`;
  if (throttled > 0)
    return {
      check,
      outcome: 'warn',
      message: `SES has throttled ${counted(throttled, 'call')} of the controller: others use the one call a second that the account has in the region; ${waiting}`,
      todo: 'Find out who else calls SES there (CloudTrail), or leave them room with --ses-calls-per-second',
    };
  if (waitSeconds === undefined || waitSeconds > LONG_SECONDS)
    return {
      check,
      outcome: 'warn',
      message: `The lane to SES is saturated: of ${counted(calls, 'call')} nine in ten waited ${wait} for their turn, and SES takes one a second; ${waiting}`,
      todo: 'Wait, it goes on by itself; if it lasts, make the interval longer, join rules, or spread pipelines over regions or accounts',
    };
  return { check, outcome: 'ok', message: `SES calls wait ${wait} for their turn; ${waiting}` };
}
