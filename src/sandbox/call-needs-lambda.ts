import type { AccountView, Need, Refused } from './call-needs.ts';
import { requestTags, resourceTags, tagKeys, textOf, withTagging } from './call-needs-plain.ts';
import type { ConditionContext } from './policy/condition.ts';
import { homeOf, type AwsErrorShape, type Call } from './service.ts';
import { jsonMembers } from './wire/rest-json.ts';

type Json = Readonly<Record<string, unknown>>;

const IN_ACCOUNT = ['ListFunctions', 'GetAccountSettings'];
const ACTIONS: Readonly<Record<string, string>> = { Invoke: 'InvokeFunction' };

/**
 * The call itself, and what a function is given by it: Lambda asks whether the caller may use that. With a qualifier the
 * call is about that version or alias, whose ARN no policy allows that names the function only.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
 */
export function lambdaNeeds(name: string, call: Call, account: AccountView): readonly Need[] {
  const action = `lambda:${ACTIONS[name] ?? name}`;
  if (IN_ACCOUNT.includes(name)) return [{ action, resource: '*', context: {} }];
  const body = jsonMembers(call.body) ?? {};
  const home = homeOf(call);
  const functionArn = (fn: string): string =>
    `arn:${account.partition}:lambda:${home.region}:${home.account}:function:${fn}`;
  if (name === 'CreateFunction') {
    const tags = objectOf(body['Tags']) as Readonly<Record<string, string>>;
    const itself = { action, resource: functionArn(textOf(body['FunctionName'])), context: requestTags(tags) };
    const given = [...settingsNeeds(body, undefined, home.region), ...codeNeeds(objectOf(body['Code']), account)];
    return [...withTagging([itself], 'lambda:TagResource', tags), ...given];
  }
  const named = decodeURIComponent(/^\/[\d-]+\/(?:functions|tags)\/([^/]+)/.exec(call.path)?.[1] ?? '');
  const arn = named.startsWith('arn:') ? named : functionArn(named);
  const whole = arn.split(':').slice(0, 7).join(':');
  const qualifier = call.query.get('Qualifier');
  const resource = qualifier === null ? arn : `${whole}:${qualifier}`;
  const live = account.fn(whole);
  // A version or alias has no tags.
  const tags = resource === whole ? resourceTags(live?.tags ?? {}) : {};
  const itself = { action, resource, context: { ...tags, ...taggingOf(name, call, body) } };
  switch (name) {
    case 'GetFunction':
      return [itself, tagsNeed(whole, live?.tags), ...readNeeds(live, home.region)];
    case 'GetFunctionConfiguration':
      return [itself, ...readNeeds(live, home.region)];
    case 'UpdateFunctionConfiguration':
      return [itself, ...settingsNeeds(body, live?.kmsKeyArn, home.region)];
    case 'UpdateFunctionCode':
      return [itself, ...codeNeeds(body, account)];
    default:
      return [itself];
  }
}

/** Tags that the call sets, or takes off by their keys. */
function taggingOf(name: string, call: Call, body: Json): ConditionContext {
  if (name === 'TagResource') return requestTags(objectOf(body['Tags']) as Readonly<Record<string, string>>);
  return name === 'UntagResource' ? tagKeys(call.query.getAll('tagKeys')) : {};
}

/** Of a function, its tags are shown to who may list them. */
export const tagsNeed = (functionArn: string, tags: Readonly<Record<string, string>> = {}): Need => ({
  action: 'lambda:ListTags',
  resource: functionArn,
  context: resourceTags(tags),
  onlyForMore: true,
});

/** Of a function with a key of its own, the environment is shown to who may use the key. */
export const environmentNeed = (key: string, region: string): Need => ({
  action: 'kms:Decrypt',
  resource: key,
  context: throughLambda(region),
  onlyForMore: true,
});

const readNeeds = (live: ReturnType<AccountView['fn']>, region: string): readonly Need[] =>
  live?.kmsKeyArn === undefined ? [] : [environmentNeed(live.kmsKeyArn, region)];

function settingsNeeds(body: Json, liveKey: string | undefined, region: string): readonly Need[] {
  const role = body['Role'];
  const layers = Array.isArray(body['Layers']) ? body['Layers'].map(String) : [];
  const key = body['KMSKeyArn'] === undefined ? (liveKey ?? '') : textOf(body['KMSKeyArn']);
  return [
    ...(role === undefined ? [] : [passRole(textOf(role))]),
    ...layers.map((layer): Need => ({ action: 'lambda:GetLayerVersion', resource: layer, context: {} })),
    ...networkNeeds(objectOf(body['VpcConfig'])),
    ...(key === '' || body['Environment'] === undefined ? [] : keyNeeds(key, region)),
  ];
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html */
const passRole = (role: string): Need => ({
  action: 'iam:PassRole',
  resource: role,
  context: { 'iam:passedtoservice': 'lambda.amazonaws.com' },
});

/** EC2 describes all or nothing. @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions */
function networkNeeds(vpc: Json): readonly Need[] {
  const ids = (member: string): string => (Array.isArray(vpc[member]) ? vpc[member].map(String).join(', ') : '');
  const [subnets, groups] = [ids('SubnetIds'), ids('SecurityGroupIds')];
  if (subnets === '') return [];
  return Object.entries({ DescribeSecurityGroups: groups, DescribeSubnets: subnets, DescribeVpcs: 'vpc-sandbox' }).map(
    ([operation, about]): Need => ({
      action: `ec2:${operation}`,
      resource: '*',
      context: {},
      refusal: () =>
        denied(
          `Your access has been denied by EC2, please make sure your request credentials have permission to ${operation} for ${about}. ` +
            'EC2 Error Code: UnauthorizedOperation. EC2 Error Message: You are not authorized to perform this operation.',
        ),
    }),
  );
}

const throughLambda = (region: string) => ({ 'kms:viaservice': `lambda.${region}.amazonaws.com` });

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html */
function keyNeeds(key: string, region: string): readonly Need[] {
  const refusal =
    (operation: string) =>
    ({ sentence }: Refused): AwsErrorShape => ({
      status: 400,
      code: 'InvalidParameterValueException',
      message:
        `Lambda was unable to configure access to your environment variables because the KMS key is invalid for ${operation}. ` +
        `Please check your KMS key settings. KMS Exception: AccessDeniedException KMS Message: ${sentence}`,
    });
  const context = throughLambda(region);
  const forLambda = { ...context, 'kms:grantisforawsresource': 'true' };
  return [
    { action: 'kms:CreateGrant', resource: key, context: forLambda, refusal: refusal('CreateGrant') },
    { action: 'kms:Encrypt', resource: key, context, refusal: refusal('Encrypt') },
  ];
}

/** Code from elsewhere is fetched with the rights of whoever asks for it. */
function codeNeeds(code: Json, account: AccountView): readonly Need[] {
  const { S3Bucket: bucket, S3Key: key, S3ObjectVersion: version, ImageUri: image } = code;
  if (image !== undefined) return imageNeeds(textOf(image), account);
  if (bucket === undefined) return [];
  const operation = version === undefined ? 'GetObject' : 'GetObjectVersion';
  return [
    {
      action: `s3:${operation}`,
      resource: `arn:${account.partition}:s3:::${textOf(bucket)}/${textOf(key)}`,
      context: {},
      refusal: () =>
        denied(
          `Your access has been denied by S3, please make sure your request credentials have permission to ${operation} for ${textOf(bucket)}/${textOf(key)}. ` +
            'S3 Error Code: AccessDenied. S3 Error Message: Access Denied',
        ),
    },
  ];
}

/**
 * The policy of a repository, which has to admit Lambda, is taken for granted: there is no ECR here.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-permissions
 */
function imageNeeds(image: string, { partition }: AccountView): readonly Need[] {
  const [, account, region, name] = /^(\d+)\.dkr\.ecr\.([^.]+)\.[^/]+\/([^:@]+)/.exec(image) ?? [];
  if (name === undefined) return [];
  return ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'].map((action) => ({
    action,
    resource: `arn:${partition}:ecr:${region}:${account}:repository/${name}`,
    context: {},
    refusal: () => denied('Lambda does not have permission to access the ECR image. Check the ECR permissions.'),
  }));
}

const denied = (message: string): AwsErrorShape => ({ status: 403, code: 'AccessDeniedException', message });

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
