import type { FaultRule } from './fault-settings.ts';
import { drawMs, seededRandom } from './random.ts';
import type { Call, Clock, FaultOutcome, Reply } from './service.ts';

/** The rules in force, and what they need to remember. */
export type FaultRules = {
  readonly before: (operation: string, call: Call) => Promise<FaultOutcome | undefined>;
  readonly after: (operation: string, call: Call, answered: Reply) => FaultOutcome | undefined;
};

const DEFAULT_STALE_MS = 5000;
const MAX_REMEMBERED = 1000;

/** Chance is drawn once a call and rule, in the order of the calls: the same calls meet the same trouble again. */
export function createFaultRules(
  rules: readonly FaultRule[],
  seed: number,
  clock: Pick<Clock, 'now' | 'sleep'>,
): FaultRules {
  const random = seededRandom(seed);
  const left = new Map(rules.map((rule) => [rule, rule.times ?? Infinity]));
  const answers = new Map<string, { readonly reply: Reply; readonly atMs: number }>();
  const keepsAnswers = rules.some(({ kind }) => kind === 'stale');

  const strikes = (rule: FaultRule, operation: string): boolean => {
    const remaining = left.get(rule) ?? 0;
    if (remaining <= 0 || !operationMatches(rule.operation, operation)) return false;
    if (rule.probability !== undefined && random() >= rule.probability) return false;
    left.set(rule, remaining - 1);
    return true;
  };
  const remember = (operation: string, call: Call, reply: Reply): void => {
    if (!keepsAnswers || !isRead(operation)) return;
    const key = keyOf(operation, call);
    answers.delete(key);
    answers.set(key, { reply, atMs: clock.now() });
    const [oldest] = answers.keys();
    if (answers.size > MAX_REMEMBERED && oldest !== undefined) answers.delete(oldest);
  };
  const staleAnswer = (rule: FaultRule, operation: string, call: Call): Reply | undefined => {
    const known = answers.get(keyOf(operation, call));
    const isFresh = known !== undefined && clock.now() - known.atMs <= (rule.staleMs ?? DEFAULT_STALE_MS);
    return isFresh ? known.reply : undefined;
  };
  const outcomeBefore = (rule: FaultRule, operation: string, call: Call): FaultOutcome | undefined => {
    const reply = rule.kind === 'stale' ? staleAnswer(rule, operation, call) : undefined;
    return reply === undefined ? spoiled(rule, operation) : { kind: 'reply', reply };
  };

  return {
    before: async (operation, call) => {
      for (const rule of rules) {
        if (rule.when === 'after' || !strikes(rule, operation)) continue;
        if (rule.kind === 'latency') await clock.sleep(drawMs(rule.duration ?? 0, random));
        const outcome = outcomeBefore(rule, operation, call);
        if (outcome !== undefined) return outcome;
      }
      return undefined;
    },
    after: (operation, call, answered) => {
      remember(operation, call, answered);
      const rule = rules.find((each) => each.when === 'after' && strikes(each, operation));
      return rule === undefined ? undefined : spoiled(rule, operation);
    },
  };
}

function spoiled(rule: FaultRule, operation: string): FaultOutcome | undefined {
  switch (rule.kind) {
    case 'throttle':
      return { kind: 'error', ...throttleOf(operation) };
    case 'error':
      return rule.error === undefined ? undefined : { kind: 'error', ...rule.error };
    case 'lose':
      return { kind: 'drop' };
    case 'latency':
    case 'stale':
      return undefined;
  }
}

/** How each service asks to slow down. */
function throttleOf(operation: string): { readonly status: number; readonly code: string; readonly message: string } {
  switch (operation.slice(0, operation.indexOf(':'))) {
    case 's3':
      return { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };
    case 'lambda':
      return { status: 429, code: 'TooManyRequestsException', message: 'Rate exceeded' };
    case 'logs':
      return { status: 400, code: 'ThrottlingException', message: 'Rate exceeded' };
    default:
      return { status: 400, code: 'Throttling', message: 'Rate exceeded' };
  }
}

function isRead(operation: string): boolean {
  return /:(Get|List|Describe|Head|Filter)/.test(operation);
}

function keyOf(operation: string, { method, path, query, region, principal, body }: Call): string {
  return JSON.stringify([operation, method, path, query.toString(), region, principal, body.toString('latin1')]);
}

/** `*` stands for any run of characters; case matters, as in the operation names themselves. */
export function operationMatches(pattern: string, operation: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${source}$`).test(operation);
}
