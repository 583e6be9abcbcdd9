import {
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  ListTagsForResourceCommand,
  PutRetentionPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type CloudWatchLogsClient,
} from '@aws-sdk/client-cloudwatch-logs';
import type { LogGroups } from '../core/ports.ts';
import { absentOn, type Call } from './calls.ts';

const NONE = ['ResourceNotFoundException'];

/** Log groups of CloudWatch Logs. */
export function logGroups(logs: CloudWatchLogsClient, call: Call): LogGroups {
  return {
    get: async (name) => {
      // A prefix is all that can be asked for. The shortest name that has it, which is the name itself, comes first.
      const command = new DescribeLogGroupsCommand({ logGroupNamePrefix: name, limit: 1 });
      const page = await call('DescribeLogGroups', named(name), () => logs.send(command));
      const found = page.logGroups?.find(({ logGroupName }) => logGroupName === name);
      return found === undefined ? undefined : { name, arn: arnOf(found), retentionDays: found.retentionInDays };
    },
    tags: async (arn) => {
      const command = new ListTagsForResourceCommand({ resourceArn: arn });
      const found = await absentOn(
        NONE,
        call('ListTagsForResource', named(arn), () => logs.send(command)),
      );
      return found?.tags ?? {};
    },
    create: async (name, tags) => {
      const command = new CreateLogGroupCommand({ logGroupName: name, tags: { ...tags } });
      await call('CreateLogGroup', named(name), () => logs.send(command));
    },
    putRetention: async (name, days) => {
      const command = new PutRetentionPolicyCommand({ logGroupName: name, retentionInDays: days });
      await call('PutRetentionPolicy', named(name), () => logs.send(command));
    },
    deleteRetention: async (name) => {
      const command = new DeleteRetentionPolicyCommand({ logGroupName: name });
      await absentOn(
        NONE,
        call('DeleteRetentionPolicy', named(name), () => logs.send(command)),
      );
    },
    tag: async (arn, tags) => {
      const command = new TagResourceCommand({ resourceArn: arn, tags: { ...tags } });
      await call('TagResource', named(arn), () => logs.send(command));
    },
    untag: async (arn, keys) => {
      const command = new UntagResourceCommand({ resourceArn: arn, tagKeys: [...keys] });
      await absentOn(
        NONE,
        call('UntagResource', named(arn), () => logs.send(command)),
      );
    },
    delete: async (name) => {
      const command = new DeleteLogGroupCommand({ logGroupName: name });
      await absentOn(
        NONE,
        call('DeleteLogGroup', named(name), () => logs.send(command)),
      );
    },
  };
}

/** The older of the two ARNs ends in `:*`, and calls about tags do not take it. */
const arnOf = ({
  logGroupArn,
  arn,
}: {
  readonly logGroupArn?: string | undefined;
  readonly arn?: string | undefined;
}) => logGroupArn ?? arn?.replace(/:\*$/, '') ?? '';

function named(name: string): string {
  return `log group "${name}"`;
}
