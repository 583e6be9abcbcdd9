import { AwsError, notImplemented } from './aws-error.ts';
import { jsonService, type JsonInput, type JsonOperation } from './json-service.ts';
import type { LogEvent, LogGroup, LogGroups } from './log-groups.ts';
import { matchesFilter } from './logs-filter.ts';
import { homeOf, type Call, type Service } from './service.ts';

/**
 * CloudWatch Logs: the groups of functions, and what handlers wrote into them. Nobody else writes here.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html
 */
export function createLogs(groups: LogGroups, partition: string): Service {
  return jsonService({
    signingName: 'logs',
    operations: {
      ...groupOperations(groups, partition),
      ...tagOperations(groups),
      ...readOperations(groups, partition),
    },
  });
}

const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

function groupOperations(groups: LogGroups, partition: string): Readonly<Record<string, JsonOperation>> {
  return {
    CreateLogGroup: (input, call) => {
      groups.create(homeOf(call), groupName(input), tagsOf(input, 'tags'));
      return undefined;
    },
    DeleteLogGroup: (input, call) => {
      groups.remove(homeOf(call), groupName(input));
      return undefined;
    },
    PutRetentionPolicy: (input, call) => {
      const days = input['retentionInDays'];
      if (typeof days !== 'number' || !RETENTION_DAYS.includes(days)) {
        throw invalid(`Invalid retentionInDays: it must be one of ${RETENTION_DAYS.join(', ')}`);
      }
      groups.amend(homeOf(call), groupName(input), { retentionDays: days });
      return undefined;
    },
    DeleteRetentionPolicy: (input, call) => {
      groups.amend(homeOf(call), groupName(input), { retentionDays: undefined });
      return undefined;
    },
    DescribeLogGroups: (input, call) => {
      const prefix = text(input, 'logGroupNamePrefix') ?? '';
      const pattern = text(input, 'logGroupNamePattern')?.toLowerCase() ?? '';
      const found = groups
        .list(homeOf(call))
        .filter(({ name }) => name.startsWith(prefix) && name.toLowerCase().includes(pattern));
      const page = pageOf(found, input, 50);
      return { logGroups: page.items.map((group) => describedGroup(group, partition)), nextToken: page.nextToken };
    },
  };
}

function tagOperations(groups: LogGroups): Readonly<Record<string, JsonOperation>> {
  const byArn = (input: JsonInput, call: Call): LogGroup =>
    groups.get(homeOf(call), nameInArn(text(input, 'resourceArn') ?? ''));
  return {
    ListTagsForResource: (input, call) => ({ tags: byArn(input, call).tags }),
    TagResource: (input, call) => {
      const { name, tags } = byArn(input, call);
      groups.amend(homeOf(call), name, { tags: { ...tags, ...tagsOf(input, 'tags') } });
      return undefined;
    },
    UntagResource: (input, call) => {
      const { name, tags } = byArn(input, call);
      const gone = strings(input, 'tagKeys');
      groups.amend(homeOf(call), name, {
        tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.includes(key))),
      });
      return undefined;
    },
  };
}

function readOperations(groups: LogGroups, partition: string): Readonly<Record<string, JsonOperation>> {
  const groupOf = (input: JsonInput, call: Call): LogGroup => {
    const identifier = text(input, 'logGroupIdentifier');
    return groups.get(homeOf(call), identifier === undefined ? groupName(input) : nameInArn(identifier));
  };

  return {
    DescribeLogStreams: (input, call) => {
      const group = groupOf(input, call);
      const prefix = text(input, 'logStreamNamePrefix') ?? '';
      const names = new Set(group.events.map(({ stream }) => stream));
      const streams = [...names]
        .filter((name) => name.startsWith(prefix))
        .map((name) => describedStream(group, name, partition));
      const byTime = text(input, 'orderBy') === 'LastEventTime';
      streams.sort((a, b) =>
        byTime ? a.lastEventTimestamp - b.lastEventTimestamp : a.logStreamName < b.logStreamName ? -1 : 1,
      );
      if (input['descending'] === true) streams.reverse();
      const page = pageOf(streams, input, 50);
      return { logStreams: page.items, nextToken: page.nextToken };
    },
    GetLogEvents: (input, call) => {
      const group = groupOf(input, call);
      const stream = text(input, 'logStreamName') ?? '';
      if (!group.events.some((event) => event.stream === stream)) {
        throw new AwsError(400, 'ResourceNotFoundException', 'The specified log stream does not exist.');
      }
      const [fromMs, untilMs] = [number(input, 'startTime') ?? -Infinity, number(input, 'endTime') ?? Infinity];
      const all = group.events.filter(
        (event) => event.stream === stream && event.timestampMs >= fromMs && event.timestampMs < untilMs,
      );
      return windowOf(all, input);
    },
    FilterLogEvents: (input, call) => {
      const group = groupOf(input, call);
      const streams = strings(input, 'logStreamNames');
      const prefix = text(input, 'logStreamNamePrefix') ?? '';
      const [fromMs, untilMs] = [number(input, 'startTime') ?? -Infinity, number(input, 'endTime') ?? Infinity];
      const pattern = text(input, 'filterPattern') ?? '';
      if (/^\s*[{[%]/.test(pattern))
        throw notImplemented('logs:FilterLogEvents with a pattern that is not made of terms');
      const found = group.events
        .filter(({ stream }) => (streams.length === 0 || streams.includes(stream)) && stream.startsWith(prefix))
        .filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs <= untilMs)
        .filter(({ message }) => matchesFilter(pattern, message));
      const page = pageOf(found, input, 10_000);
      const events = page.items.map((event) => ({
        ...described(event),
        logStreamName: event.stream,
        eventId: event.id,
      }));
      return { events, searchedLogStreams: [], nextToken: page.nextToken };
    },
  };
}

function describedGroup(group: LogGroup, partition: string): Readonly<Record<string, unknown>> {
  const arn = arnOf(group, partition);
  return {
    logGroupName: group.name,
    creationTime: group.createdAtMs,
    retentionInDays: group.retentionDays,
    metricFilterCount: 0,
    arn: `${arn}:*`,
    logGroupArn: arn,
    logGroupClass: 'STANDARD',
    storedBytes: group.events.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0),
  };
}

function describedStream(group: LogGroup, name: string, partition: string) {
  const own = group.events.filter(({ stream }) => stream === name);
  const firstEventTimestamp = own[0]?.timestampMs ?? group.createdAtMs;
  const lastEventTimestamp = own.at(-1)?.timestampMs ?? firstEventTimestamp;
  return {
    logStreamName: name,
    creationTime: firstEventTimestamp,
    firstEventTimestamp,
    lastEventTimestamp,
    lastIngestionTime: lastEventTimestamp,
    arn: `${arnOf(group, partition)}:log-stream:${name}`,
    storedBytes: 0,
  };
}

/**
 * The end of a stream, or its beginning when asked for; both tokens are places in it, and the forward token of the end is
 * given again, which is how clients know that they have read all.
 */
function windowOf(all: readonly LogEvent[], input: JsonInput): Readonly<Record<string, unknown>> {
  const limit = Math.min(number(input, 'limit') ?? 10_000, 10_000);
  const [, direction, place] = /^([fb])\/(\d+)$/.exec(text(input, 'nextToken') ?? '') ?? [];
  if (text(input, 'nextToken') !== undefined && place === undefined) {
    throw invalid('The specified nextToken is invalid.');
  }
  const fromHead = direction === 'f' || (direction === undefined && input['startFromHead'] === true);
  const edge = place === undefined ? (fromHead ? 0 : all.length) : Number(place);
  const start = fromHead ? edge : Math.max(0, edge - limit);
  const end = fromHead ? Math.min(all.length, edge + limit) : edge;
  return {
    events: all.slice(start, end).map(described),
    nextForwardToken: `f/${end}`,
    nextBackwardToken: `b/${start}`,
  };
}

function described({ message, timestampMs }: LogEvent) {
  return { timestamp: timestampMs, message, ingestionTime: timestampMs };
}

function arnOf({ home, name }: LogGroup, partition: string): string {
  return `arn:${partition}:logs:${home.region}:${home.account}:log-group:${name}`;
}

/** A name, or the name within an ARN (with `:*` behind it or not). */
function nameInArn(nameOrArn: string): string {
  return /:log-group:([^:]+)/.exec(nameOrArn)?.[1] ?? nameOrArn;
}

function groupName(input: JsonInput): string {
  const name = text(input, 'logGroupName') ?? '';
  if (!/^[.\-_/#A-Za-z0-9]{1,512}$/.test(name)) {
    throw invalid(
      `1 validation error detected: Value '${name}' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+`,
    );
  }
  return name;
}

function pageOf<T>(
  all: readonly T[],
  input: JsonInput,
  most: number,
): { readonly items: readonly T[]; readonly nextToken?: string } {
  const limit = Math.min(number(input, 'limit') ?? most, most);
  const start = Number(text(input, 'nextToken') ?? '0');
  if (!Number.isInteger(start) || start < 0) throw invalid('The specified nextToken is invalid.');
  const end = start + limit;
  return { items: all.slice(start, end), ...(end < all.length ? { nextToken: String(end) } : {}) };
}

function text(input: JsonInput, member: string): string | undefined {
  const value = input[member];
  return typeof value === 'string' ? value : undefined;
}

function number(input: JsonInput, member: string): number | undefined {
  const value = input[member];
  return typeof value === 'number' ? value : undefined;
}

function strings(input: JsonInput, member: string): readonly string[] {
  const value = input[member];
  return Array.isArray(value) ? value.map(String) : [];
}

function tagsOf(input: JsonInput, member: string): Record<string, string> {
  const value = input[member];
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, String(each)]));
}

function invalid(message: string): AwsError {
  return new AwsError(400, 'InvalidParameterException', message);
}
