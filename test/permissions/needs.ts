import { GetRoleCommand } from '@aws-sdk/client-iam';
import { ListTagsCommand } from '@aws-sdk/client-lambda';
import type { ConditionContext } from '../../src/sandbox/policy/condition.ts';
import { ACTIONS as S3_ACTIONS, addressOf } from '../../src/sandbox/s3-request.ts';
import type { Call } from '../../src/sandbox/service.ts';
import type { Foreign } from '../support/aws-clients.ts';

/** One question that IAM asks itself about a call. */
export type Need = { readonly action: string; readonly resource: string; readonly context: ConditionContext };

const ACCOUNT = '123456789012';

/** Nobody needs leave to ask who he is. @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
const FREE = ['sts:GetCallerIdentity'];

/**
 * What IAM judges a call by: the action, which does not always bear the operation's name, and what else AWS asks about
 * for the same call. `account` is asked as it is when the call comes in.
 */
export async function needsOf(operation: string, call: Call, account: Foreign): Promise<readonly Need[]> {
  if (FREE.includes(operation)) return [];
  const [service = '', name = ''] = operation.split(':');
  const everywhere = { 'aws:requestedregion': call.region };
  const needs = await needsIn(service, name, call, account);
  return needs.map((need) => ({ ...need, context: { ...everywhere, ...need.context } }));
}

function needsIn(
  service: string,
  name: string,
  call: Call,
  account: Foreign,
): readonly Need[] | Promise<readonly Need[]> {
  switch (service) {
    case 's3':
      return s3Needs(name, call);
    case 'iam':
      return iamNeeds(name, new URLSearchParams(call.body.toString('utf8')), account);
    case 'lambda':
      return lambdaNeeds(name, call, account);
    case 'logs':
      return logsNeeds(name, call);
    default:
      return [{ action: `${service}:${name}`, resource: '*', context: {} }];
  }
}

function s3Needs(name: string, call: Call): readonly Need[] {
  const { bucket = '', key } = addressOf(call) ?? {};
  const arn = `arn:aws:s3:::${bucket}`;
  const context = { 's3:resourceaccount': ACCOUNT };
  if (name === 'CreateBucket') {
    // Tags in the call are a right of their own. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    const tagged = call.body.toString('utf8').includes('<Tag>');
    return [{ action: 's3:CreateBucket', resource: arn, context: {} }].concat(
      tagged ? [{ action: 's3:TagResource', resource: arn, context: {} }] : [],
    );
  }
  if (name === 'DeleteObjects') {
    const keys = [...call.body.toString('utf8').matchAll(/<Key>([^<]*)<\/Key>(<VersionId>)?/g)];
    return keys.map(([, each, version]) => ({
      action: version === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
      resource: `${arn}/${each}`,
      context,
    }));
  }
  const action = Object.entries(S3_ACTIONS).find(([operation]) => operation === name)?.[1] ?? `s3:${name}`;
  return [{ action, resource: key === undefined ? arn : `${arn}/${key}`, context }];
}

async function iamNeeds(name: string, form: URLSearchParams, account: Foreign): Promise<readonly Need[]> {
  const action = `iam:${name}`;
  const role = form.get('RoleName') ?? '';
  if (name.startsWith('ListRoles')) return [{ action, resource: '*', context: {} }];
  if (name === 'CreateRole') {
    const tags = tagsOf((index, part) => form.get(`Tags.member.${index}.${part}`));
    const context = { ...requestTags(tags), ...boundaryIn(form.get('PermissionsBoundary')) };
    const resource = `arn:aws:iam::${ACCOUNT}:role${form.get('Path') ?? '/'}${role}`;
    const tagging = Object.keys(tags).length === 0 ? [] : [{ action: 'iam:TagRole', resource, context }];
    return [{ action, resource, context }, ...tagging];
  }
  if (name === 'RemoveRoleFromInstanceProfile') {
    const resource = `arn:aws:iam::${ACCOUNT}:instance-profile/${form.get('InstanceProfileName') ?? ''}`;
    return [{ action, resource, context: {} }];
  }
  const live = await account.iam.send(new GetRoleCommand({ RoleName: role })).catch(() => undefined);
  // What is not there has no path.
  const resource = live?.Role?.Arn ?? `arn:aws:iam::${ACCOUNT}:role/${role}`;
  const asked = name === 'PutRolePermissionsBoundary' ? form.get('PermissionsBoundary') : undefined;
  const boundary = asked ?? live?.Role?.PermissionsBoundary?.PermissionsBoundaryArn ?? null;
  return [{ action, resource, context: boundaryIn(boundary) }];
}

async function lambdaNeeds(name: string, call: Call, account: Foreign): Promise<readonly Need[]> {
  const action = `lambda:${name}`;
  if (name === 'ListFunctions') return [{ action, resource: '*', context: {} }];
  const body = jsonOf(call.body);
  const functionArn = (fn: string) => `arn:aws:lambda:${call.region}:${ACCOUNT}:function:${fn}`;
  if (name === 'CreateFunction') {
    const resource = functionArn(textOf(body['FunctionName']));
    const tags = (body['Tags'] ?? {}) as Readonly<Record<string, string>>;
    const tagging = Object.keys(tags).length === 0 ? [] : ['lambda:TagResource'];
    return [
      ...[action, ...tagging].map((each) => ({ action: each, resource, context: requestTags(tags) })),
      ...passRole(body),
      ...codeNeeds((body['Code'] ?? {}) as Json),
    ];
  }
  const named = decodeURIComponent(/^\/[\d-]+\/(?:functions|tags)\/([^/]+)/.exec(call.path)?.[1] ?? '');
  const resource = named.startsWith('arn:') ? named : functionArn(named);
  const live = await account.lambda.send(new ListTagsCommand({ Resource: resource })).catch(() => undefined);
  const context = resourceTags(live?.Tags ?? {});
  return [
    { action, resource, context },
    ...(name === 'GetFunction' ? [{ action: 'lambda:ListTags', resource, context }] : []),
    ...(name === 'UpdateFunctionConfiguration' ? passRole(body) : []),
    ...(name === 'UpdateFunctionCode' ? codeNeeds(body) : []),
  ];
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html */
function logsNeeds(name: string, call: Call): readonly Need[] {
  const body = jsonOf(call.body);
  const action = `logs:${name}`;
  const group = (named: string) => `arn:aws:logs:${call.region}:${ACCOUNT}:log-group:${named}`;
  // As AWS names it in a refusal: no group, and its streams.
  if (name === 'DescribeLogGroups') return [{ action, resource: `${group('')}:log-stream:`, context: {} }];
  const resource = textOf(body['resourceArn']) || group(textOf(body['logGroupName']));
  const tagged = name === 'CreateLogGroup' && body['tags'] !== undefined;
  return [action, ...(tagged ? ['logs:TagResource'] : [])].map((each) => ({ action: each, resource, context: {} }));
}

type Json = Readonly<Record<string, unknown>>;

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html */
const passRole = ({ Role }: Json): readonly Need[] =>
  Role === undefined
    ? []
    : [{ action: 'iam:PassRole', resource: textOf(Role), context: { 'iam:passedtoservice': 'lambda.amazonaws.com' } }];

/** Lambda fetches code from S3 with the rights of whoever asks for it. */
const codeNeeds = ({ S3Bucket, S3Key, S3ObjectVersion }: Json): readonly Need[] =>
  S3Bucket === undefined
    ? []
    : [
        {
          action: S3ObjectVersion === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
          resource: `arn:aws:s3:::${textOf(S3Bucket)}/${textOf(S3Key)}`,
          context: {},
        },
      ];

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function jsonOf(body: Buffer): Json {
  try {
    return JSON.parse(body.toString('utf8')) as Json;
  } catch {
    return {};
  }
}

function tagsOf(member: (index: number, part: 'Key' | 'Value') => string | null): Readonly<Record<string, string>> {
  const tags: Record<string, string> = {};
  for (let index = 1; ; index += 1) {
    const key = member(index, 'Key');
    if (key === null) return tags;
    tags[key] = member(index, 'Value') ?? '';
  }
}

const requestTags = (tags: Readonly<Record<string, string>>) => keyed('aws:requesttag', tags);
const resourceTags = (tags: Readonly<Record<string, string>>) => keyed('aws:resourcetag', tags);

const keyed = (prefix: string, tags: Readonly<Record<string, string>>): ConditionContext =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}/${key.toLowerCase()}`, value]));

const boundaryIn = (arn: string | null): ConditionContext => (arn === null ? {} : { 'iam:permissionsboundary': arn });
