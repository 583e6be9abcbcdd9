import { AwsError } from './aws-error.ts';
import { placeKey, type LogBook, type LogLine } from './lambda-logs.ts';
import type { Clock, Home } from './service.ts';

/** What a function wrote, as CloudWatch Logs shows it. */
export type LogEvent = {
  readonly id: string;
  readonly stream: string;
  readonly timestampMs: number;
  readonly message: string;
};

export type LogGroup = {
  readonly name: string;
  readonly home: Home;
  readonly createdAtMs: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Undefined: kept for ever. */
  readonly retentionDays: number | undefined;
  /** Oldest first, without what is older than the group keeps. */
  readonly events: readonly LogEvent[];
};

/** The log groups of all accounts and regions. */
export type LogGroups = ReturnType<typeof createLogGroups>;

type MadeGroup = Pick<LogGroup, 'createdAtMs' | 'tags' | 'retentionDays'>;

const DAY_MS = 86_400_000;

/**
 * Groups that somebody made, and those that are there because a function wrote into them. The lines themselves stay in
 * the book of all logs: here they are only looked at. A method that refuses throws an `AwsError` and has changed nothing.
 */
export function createLogGroups(clock: Pick<Clock, 'now'>, book: Pick<LogBook, 'all' | 'firstLines'>) {
  const made = new Map<string, MadeGroup>();
  /** What a deleted group had is gone, though its function goes on to write. */
  const deletedAtMs = new Map<string, number>();

  const eventsOf = (home: Home, name: string): readonly LogEvent[] => {
    const key = keyOf(home, name);
    const days = made.get(key)?.retentionDays;
    const oldestMs = days === undefined ? -Infinity : clock.now() - days * DAY_MS;
    const after = deletedAtMs.get(key) ?? -Infinity;
    // While a history is made again there are lines already that come later.
    const nowMs = clock.now();
    return book
      .all()
      .filter(({ cloudWatch }) => cloudWatch?.group === name && isHome(cloudWatch, home))
      .map(eventOf)
      .filter(({ timestampMs }) => timestampMs > after && timestampMs >= oldestMs && timestampMs <= nowMs);
  };
  /** When a function made the group by writing into it. */
  const begunAtMs = (home: Home, name: string, events: readonly LogEvent[]): number | undefined => {
    if (deletedAtMs.has(keyOf(home, name))) return events[0]?.timestampMs;
    const first = book.firstLines().find(({ cloudWatch }) => cloudWatch?.group === name && isHome(cloudWatch, home));
    const atMs = first === undefined ? Infinity : Date.parse(first.at);
    return atMs <= clock.now() ? atMs : undefined;
  };
  const find = (home: Home, name: string): LogGroup | undefined => {
    const events = eventsOf(home, name);
    const group = made.get(keyOf(home, name));
    const createdAtMs = group?.createdAtMs ?? begunAtMs(home, name, events);
    if (createdAtMs === undefined) return undefined;
    return { name, home, createdAtMs, tags: group?.tags ?? {}, retentionDays: group?.retentionDays, events };
  };
  const get = (home: Home, name: string): LogGroup => {
    const group = find(home, name);
    if (group === undefined) {
      throw new AwsError(400, 'ResourceNotFoundException', 'The specified log group does not exist.');
    }
    return group;
  };

  return {
    get,
    /** By name. */
    list: (home: Home): readonly LogGroup[] => {
      const names = new Set([...made.keys()].filter((key) => key.startsWith(keyOf(home, ''))).map(nameOf));
      for (const { cloudWatch } of book.firstLines()) if (isHome(cloudWatch, home)) names.add(cloudWatch.group);
      return [...names].sort().flatMap((name) => find(home, name) ?? []);
    },
    create: (home: Home, name: string, tags: LogGroup['tags']): void => {
      if (find(home, name) !== undefined) {
        throw new AwsError(400, 'ResourceAlreadyExistsException', 'The specified log group already exists');
      }
      made.set(keyOf(home, name), { createdAtMs: clock.now(), tags, retentionDays: undefined });
    },
    amend: (home: Home, name: string, change: Partial<Pick<LogGroup, 'tags' | 'retentionDays'>>): void => {
      const { createdAtMs, tags, retentionDays } = get(home, name);
      made.set(keyOf(home, name), { createdAtMs, tags, retentionDays, ...change });
    },
    remove: (home: Home, name: string): void => {
      get(home, name);
      made.delete(keyOf(home, name));
      deletedAtMs.set(keyOf(home, name), clock.now());
    },
  };
}

const keyOf = (home: Home, group: string): string => placeKey({ ...home, group });
const nameOf = (key: string): string => key.split(' ')[2] ?? '';

function isHome(place: LogLine['cloudWatch'], { account, region }: Home): place is NonNullable<typeof place> {
  return place?.account === account && place.region === region;
}

function eventOf({ at, text, cloudWatch }: LogLine, index: number): LogEvent {
  const timestampMs = Date.parse(at);
  const id = `${timestampMs}${String(index).padStart(12, '0')}`.padStart(56, '0');
  return { id, stream: cloudWatch?.stream ?? '', timestampMs, message: text };
}
