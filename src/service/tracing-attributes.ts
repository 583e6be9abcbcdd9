import type { Fault } from '../core/fault.ts';
import { describeAction, type Step } from '../core/step.ts';
import { maskRecipients, stripControls } from './clean-text.ts';

/** Values of a span's attributes, of the kinds that we use. */
export type SpanAttributes = Record<string, string | number | boolean>;

/** Attributes that no convention names begin with this. */
const OWN = 'ses_lambda_pipeline';

const MAX_TEXT = 1_024;

/** A text as it may leave the process: bounded, on one line, without e-mail addresses. */
export function shown(text: string): string {
  const masked = maskRecipients(stripControls(text));
  return masked.length > MAX_TEXT ? `${masked.slice(0, MAX_TEXT)}…` : masked;
}

/** Attributes of our own, those that are undefined left out. */
export function own(values: Readonly<Record<string, string | number | boolean | undefined>>): SpanAttributes {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[`${OWN}.${name}`, typeof value === 'string' ? shown(value) : value]],
    ),
  );
}

/** @param key `namespace/name` @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/k8s/ */
export function pipelineAttributes(key: string): SpanAttributes {
  const [namespace = '', name = ''] = key.split('/');
  return { 'k8s.namespace.name': namespace, ...own({ name }) };
}

export function stepAttributes({ owner, part, region, action }: Step): SpanAttributes {
  const { verb, target } = describeAction(action);
  return {
    ...(owner !== undefined && pipelineAttributes(owner)),
    'cloud.region': region,
    ...own({ 'step.part': part, 'step.verb': verb, 'step.target': target }),
  };
}

/** Why something is not as it should be, in our own terms. */
export const reasonAttributes = ({ class: kind, reason }: Fault): SpanAttributes =>
  own({ 'fault.class': kind, 'fault.reason': reason });

/** @see https://opentelemetry.io/docs/specs/semconv/general/recording-errors/ */
export const faultAttributes = (fault: Fault): SpanAttributes => ({
  'error.type': fault.code ?? fault.reason,
  ...reasonAttributes(fault),
});

/** One answered or failed AWS call. */
export type TracedCall = {
  readonly service: string;
  readonly operation: string;
  readonly region: string;
  readonly resource?: string;
  readonly fault?: Fault;
  readonly requestId?: string;
  readonly attempts?: number;
  readonly durationMs: number;
};

/** As the conventions write the services that we call. */
const SERVICE_NAMES: Readonly<Record<string, string>> = {
  s3: 'S3',
  iam: 'IAM',
  lambda: 'Lambda',
  ses: 'SES',
  sts: 'STS',
};

const serviceName = (service: string): string => SERVICE_NAMES[service] ?? service;

/** `SES.CreateReceiptRule`: @see https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/ */
export const callName = ({ service, operation }: TracedCall): string => `${serviceName(service)}.${operation}`;

export function callAttributes({ service, operation, region, resource, fault, ...call }: TracedCall): SpanAttributes {
  const requestId = call.requestId ?? fault?.requestId;
  return {
    'rpc.system': 'aws-api',
    'rpc.service': serviceName(service),
    'rpc.method': operation,
    'cloud.region': region,
    ...(requestId !== undefined && { 'aws.request_id': requestId }),
    ...(fault !== undefined && (isAbsence(fault) ? own({ absent: true }) : faultAttributes(fault))),
    ...own({ 'aws.resource': resource, 'aws.attempts': call.attempts }),
  };
}

/** That there is none is an answer, and what every look before a create gets; whoever it troubles says so. */
export const isAbsence = ({ code = '' }: Fault): boolean => /^NoSuch|NotFound|DoesNotExist|^Http404$/.test(code);
