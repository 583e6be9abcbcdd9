import {
  AttachRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  DeleteFunctionCommand,
  RemovePermissionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import {
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import {
  DeleteReceiptRuleCommand,
  SetActiveReceiptRuleSetCommand,
  SetReceiptRulePositionCommand,
  UpdateReceiptRuleCommand,
} from '@aws-sdk/client-ses';
import type { Foreign } from '../support/aws-clients.ts';
import { zipFor } from './edits.ts';
import type { Held } from './support/held.ts';

/** What somebody else does to a pipeline's resources. */
export type Drift = {
  readonly name: string;
  readonly happens: (held: Held, clients: Foreign) => Promise<unknown>;
  /** What the events name. */
  readonly named: RegExp;
};

const POLICY = 'arn:aws:iam::aws:policy/AdministratorAccess';
const bucketOf = ({ bucket }: Held) => ({ Bucket: bucket?.name });
const roleOf = ({ role }: Held) => ({ RoleName: role?.name });
const functionOf = ({ fn }: Held) => ({ FunctionName: fn?.name });
const set = ({ activeSet }: Held) => ({ RuleSetName: activeSet });
const anyone = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
});
const everything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

/** The first rule for recipients; the storage rule stands before it. */
const ruleOf = ({ rules }: Held) => rules[1];

export const DRIFTS: readonly Drift[] = [
  {
    name: 'the policy of the bucket is deleted',
    happens: (held, { s3 }) => s3.send(new DeleteBucketPolicyCommand(bucketOf(held))),
    named: /in the policy of bucket/,
  },
  {
    name: 'the bucket is opened to the public',
    happens: (held, { s3 }) => s3.send(new DeletePublicAccessBlockCommand(bucketOf(held))),
    named: /public access block of bucket/,
  },
  {
    name: 'the encryption of the bucket is changed',
    happens: (held, { s3 }) =>
      s3.send(
        new PutBucketEncryptionCommand({
          ...bucketOf(held),
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
          },
        }),
      ),
    named: /encryption of bucket/,
  },
  {
    name: 'the lifecycle of the bucket is deleted',
    happens: (held, { s3 }) => s3.send(new DeleteBucketLifecycleCommand(bucketOf(held))),
    named: /of bucket/,
  },
  {
    name: 'the versioning of the bucket is suspended',
    happens: (held, { s3 }) =>
      s3.send(new PutBucketVersioningCommand({ ...bucketOf(held), VersioningConfiguration: { Status: 'Suspended' } })),
    named: /versioning of bucket/,
  },
  {
    name: 'anyone may assume the role',
    happens: (held, { iam }) =>
      iam.send(new UpdateAssumeRolePolicyCommand({ ...roleOf(held), PolicyDocument: anyone })),
    named: /trust.* of role/,
  },
  {
    name: 'the policy of the role is widened',
    happens: (held, { iam }) =>
      iam.send(
        new PutRolePolicyCommand({
          ...roleOf(held),
          PolicyName: Object.keys(held.role?.inline ?? {})[0],
          PolicyDocument: everything,
        }),
      ),
    named: /policy .* of role/,
  },
  {
    name: 'a managed policy is attached to the role',
    happens: (held, { iam }) => iam.send(new AttachRolePolicyCommand({ ...roleOf(held), PolicyArn: POLICY })),
    named: /update role .*: detach/,
  },
  {
    name: 'the boundary of the role is changed',
    happens: (held, { iam }) =>
      iam.send(new PutRolePermissionsBoundaryCommand({ ...roleOf(held), PermissionsBoundary: POLICY })),
    named: /boundary of role/,
  },
  {
    name: 'the function is deleted',
    happens: (held, { lambda }) => lambda.send(new DeleteFunctionCommand(functionOf(held))),
    named: /create function/,
  },
  {
    name: 'the code of the function is changed',
    happens: (held, { lambda }) =>
      lambda.send(new UpdateFunctionCodeCommand({ ...functionOf(held), ZipFile: zipFor('somebody else') })),
    named: /code of function/,
  },
  {
    name: 'the configuration of the function is changed',
    happens: (held, { lambda }) =>
      lambda.send(new UpdateFunctionConfigurationCommand({ ...functionOf(held), MemorySize: 512 })),
    named: /configuration of function/,
  },
  {
    name: 'the permission of the function is removed',
    happens: (held, { lambda }) =>
      lambda.send(new RemovePermissionCommand({ ...functionOf(held), StatementId: held.fn?.policy[0]?.Sid })),
    named: /permission .* of function/,
  },
  {
    name: 'a rule is deleted',
    happens: (held, { ses }) => ses.send(new DeleteReceiptRuleCommand({ ...set(held), RuleName: ruleOf(held)?.Name })),
    named: /create rule .*_First/,
  },
  {
    name: 'a rule is switched off',
    happens: (held, { ses }) =>
      ses.send(
        new UpdateReceiptRuleCommand({
          ...set(held),
          Rule: { ...ruleOf(held), Name: ruleOf(held)?.Name, Enabled: false },
        }),
      ),
    named: /update rule .*_First/,
  },
  {
    name: 'a rule is moved to the end',
    happens: (held, { ses }) =>
      ses.send(
        new SetReceiptRulePositionCommand({
          ...set(held),
          RuleName: ruleOf(held)?.Name,
          After: held.rules.at(-1)?.Name,
        }),
      ),
    named: /order/,
  },
  {
    name: 'the rule set is switched off',
    happens: (_, { ses }) => ses.send(new SetActiveReceiptRuleSetCommand({})),
    named: /activate rule set/,
  },
];
