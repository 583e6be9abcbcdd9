import type { AccountView, Need } from './call-needs.ts';
import type { ConditionContext } from './policy/condition.ts';
import { formOf } from './query-service.ts';
import { homeOf, type Call } from './service.ts';
import { jsonMembers } from './wire/rest-json.ts';

/** @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html */
export function iamNeeds(name: string, call: Call, account: AccountView): readonly Need[] {
  const form = new URLSearchParams(formOf(call));
  const action = `iam:${name}`;
  const arnOf = (what: string): string => `arn:${account.partition}:iam::${homeOf(call).account}:${what}`;
  const role = form.get('RoleName');
  if (name === 'CreateRole') {
    const tags = tagsIn(form);
    const context = { ...requestTags(tags), ...boundaryIn(form.get('PermissionsBoundary')) };
    const resource = arnOf(`role${form.get('Path') ?? '/'}${role ?? ''}`);
    return withTagging([{ action, resource, context }], 'iam:TagRole', tags);
  }
  if (name === 'RemoveRoleFromInstanceProfile')
    return [{ action, resource: arnOf(`instance-profile/${form.get('InstanceProfileName') ?? ''}`), context: {} }];
  if (role === null)
    return [{ action, resource: form.get('PolicySourceArn') ?? form.get('PolicyArn') ?? '*', context: {} }];
  const live = account.role(homeOf(call).account, role);
  const asked = name === 'PutRolePermissionsBoundary' ? form.get('PermissionsBoundary') : undefined;
  const boundary = asked ?? live?.boundaryArn ?? null;
  const context = {
    ...boundaryIn(boundary),
    ...(ATTACHING.includes(name) && { 'iam:policyarn': form.get('PolicyArn') ?? '' }),
    ...(name === 'UntagRole' ? tagKeys(listIn(form, 'TagKeys')) : requestTags(tagsIn(form))),
  };
  // What is not there has no path.
  return [{ action, resource: live?.arn ?? arnOf(`role/${role}`), context }];
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PolicyARN */
const ATTACHING = ['AttachRolePolicy', 'DetachRolePolicy'];

/** A session with tags takes a second permission. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html */
export function stsNeeds(name: string, call: Call): readonly Need[] {
  const form = new URLSearchParams(formOf(call));
  const tags = tagsIn(form);
  const resource = form.get('RoleArn') ?? '*';
  return withTagging([{ action: `sts:${name}`, resource, context: requestTags(tags) }], 'sts:TagSession', tags);
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html */
export function logsNeeds(name: string, call: Call, { partition }: AccountView): readonly Need[] {
  const body = jsonMembers(call.body) ?? {};
  const { account, region } = homeOf(call);
  const action = `logs:${name}`;
  const group = (named: string): string => `arn:${partition}:logs:${region}:${account}:log-group:${named}`;
  // As AWS names it in a refusal: no group, and its streams.
  if (name === 'DescribeLogGroups') return [{ action, resource: `${group('')}:log-stream:`, context: {} }];
  const resource = textOf(body['resourceArn']) || group(textOf(body['logGroupName']));
  if (name === 'UntagResource')
    return [{ action, resource, context: tagKeys(Array.isArray(body['tagKeys']) ? body['tagKeys'].map(String) : []) }];
  const tags = (body['tags'] ?? {}) as Readonly<Record<string, string>>;
  const itself = { action, resource, context: requestTags(tags) };
  return name === 'CreateLogGroup' ? withTagging([itself], 'logs:TagResource', tags) : [itself];
}

/** Tags in the call that creates something are a right of their own. */
export const withTagging = (
  needs: readonly Need[],
  action: string,
  tags: Readonly<Record<string, string>>,
): readonly Need[] =>
  Object.keys(tags).length === 0 ? needs : [...needs, ...needs.map((need) => ({ ...need, action }))];

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function tagsIn(form: URLSearchParams): Readonly<Record<string, string>> {
  const tags: Record<string, string> = {};
  for (let index = 1; ; index += 1) {
    const name = form.get(`Tags.member.${index}.Key`);
    if (name === null) return tags;
    tags[name] = form.get(`Tags.member.${index}.Value`) ?? '';
  }
}

function listIn(form: URLSearchParams, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 1; ; index += 1) {
    const value = form.get(`${name}.member.${index}`);
    if (value === null) return values;
    values.push(value);
  }
}

export const requestTags = (tags: Readonly<Record<string, string>>): ConditionContext => ({
  ...keyed('aws:requesttag', tags),
  ...tagKeys(Object.keys(tags)),
});

/** In one text, as what several values take (`ForAllValues:`) is refused in policies: enough for one, and for `Null`. */
export const tagKeys = (keys: readonly string[]): ConditionContext =>
  keys.length === 0 ? {} : { 'aws:tagkeys': keys.join(',') };

export const resourceTags = (tags: Readonly<Record<string, string>>): ConditionContext =>
  keyed('aws:resourcetag', tags);

const keyed = (prefix: string, tags: Readonly<Record<string, string>>): ConditionContext =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}/${key.toLowerCase()}`, value]));

const boundaryIn = (arn: string | null): ConditionContext => (arn === null ? {} : { 'iam:permissionsboundary': arn });
