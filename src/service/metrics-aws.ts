import { boundedLabel, combinations, PREFIX, secondsOf, type MetricMaker } from './metric-tools.ts';

/** One answered or failed AWS call, retries of the SDK included. */
export type AwsCallReport = {
  /** As in `s3`, `iam`, `lambda`, `logs`, `ses`, `sts`. */
  readonly service: string;
  /** `CreateReceiptRule`. */
  readonly operation: string;
  /** The AWS error code; undefined when the call went well. */
  readonly code?: string;
  readonly durationMs: number;
};

export type AwsMetrics = {
  readonly awsCalled: (call: AwsCallReport) => void;
  /** A call waited for its turn in the lane of SES. */
  readonly laneWaited: (waitMs: number) => void;
};

const SERVICES = ['iam', 'lambda', 'logs', 's3', 'ses', 'sts'] as const;
const CALL_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const WAIT_SECONDS = [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];

const isThrottle = (code: string): boolean =>
  /throttl|^TooManyRequests|^SlowDown$|^RequestLimitExceeded$|^BandwidthLimitExceeded$/i.test(code);

/** What AWS was asked and how it answered. */
export function awsMetrics({ counter, histogram }: MetricMaker): AwsMetrics {
  const requests = counter<'service' | 'operation' | 'code'>(
    `${PREFIX}aws_requests_total`,
    'AWS calls, by the error code of the answer; OK when it went well.',
    [],
    ['service', 'operation', 'code'],
  );
  const seconds = histogram<'service' | 'operation'>(
    `${PREFIX}aws_request_duration_seconds`,
    'How long an AWS call took, retries of the SDK included.',
    CALL_SECONDS,
    { labels: ['service', 'operation'] },
  );
  const throttled = counter(
    `${PREFIX}aws_throttled_total`,
    'AWS calls that were throttled.',
    combinations({ service: SERVICES }),
  );
  const waits = histogram(
    `${PREFIX}aws_bucket_wait_seconds`,
    'How long an SES call waited for its turn: all of an account and region share one call a second.',
    WAIT_SECONDS,
  );

  // Operations are those of our own code; codes are what AWS makes up.
  const operationLabel = boundedLabel(150);
  const codeLabel = boundedLabel(100);
  return {
    awsCalled: ({ service, operation, code, durationMs }) => {
      const labels = {
        service: SERVICES.find((known) => known === service) ?? 'Other',
        operation: operationLabel(operation),
      };
      requests.inc({ ...labels, code: code === undefined ? 'OK' : codeLabel(code) });
      seconds.observe(labels, secondsOf(durationMs));
      if (code !== undefined && isThrottle(code)) throttled.inc({ service: labels.service });
    },
    laneWaited: (waitMs) => waits.observe(secondsOf(waitMs)),
  };
}
