import { BASES, changed } from './documents.ts';
import type { Json } from './documents.ts';

/** etcd takes requests of at most 1.5 MiB; Kubernetes adds some metadata. @see https://etcd.io/docs/v3.6/dev-guide/limit/ */
const MOST_BYTES = 1_545_000;
const RULES = 199;
const RECIPIENTS = 500;
const LONGEST_RECIPIENT = 320;

/** Valid resources that give the API server as much to judge as any can. */
export const LARGEST: readonly { readonly name: string; readonly document: Json }[] = [
  {
    name: 'most-recipients',
    document: withRules('most-recipients', (index) => ({
      name: longRuleName(index),
      recipients: Array.from({ length: RECIPIENTS }, (_, each) => `${base36(each)}.example`),
    })),
  },
  {
    name: 'longest-recipients',
    document: withRules('longest-recipients', (index) => ({
      name: longRuleName(index),
      recipients: Array.from({ length: Math.floor(MOST_BYTES / RULES / (LONGEST_RECIPIENT + 4)) }, (_, each) =>
        longRecipient(each),
      ),
    })),
  },
  {
    name: 'most-code',
    document: changed(changed(BASES.full, ['metadata', 'name'], 'most-code'), ['spec', 'function'], {
      environment: Object.fromEntries(
        Array.from({ length: 100 }, (_, each) => [`VARIABLE_${base36(each)}_`.padEnd(100, 'X'), 'v'.repeat(4096)]),
      ),
      environmentFrom: Object.fromEntries(
        Array.from({ length: 100 }, (_, each) => [
          `FROM_${base36(each)}_`.padEnd(100, 'X'),
          { secretKeyRef: { name: 'n'.repeat(253), key: 'k'.repeat(253) } },
        ]),
      ),
      layers: Array.from(
        { length: 5 },
        (_, each) => `arn:aws:lambda:us-west-2:111122223333:layer:${'l'.repeat(80)}:${each}`,
      ),
      tags: Object.fromEntries(
        Array.from({ length: 32 }, (_, each) => [`TAG_${base36(each)}_`.padEnd(128, 'X'), 'v'.repeat(256)]),
      ),
      code: {
        inline: Object.fromEntries(
          Array.from({ length: 50 }, (_, each) => [`${base36(each)}.mjs`.padStart(253, 'm'), 'c'.repeat(20_500)]),
        ),
      },
    }),
  },
];

function withRules(name: string, rule: (index: number) => Json): Json {
  const named = changed(BASES.full, ['metadata', 'name'], name);
  return changed(
    named,
    ['spec', 'receiptRules'],
    Array.from({ length: RULES }, (_, index) => rule(index)),
  );
}

function base36(number: number): string {
  return number.toString(36).padStart(2, '0');
}

/** Names that differ in their last letters only. */
function longRuleName(index: number): string {
  return base36(index).padStart(31, 'r');
}

function longRecipient(index: number): string {
  const local = base36(index).padStart(64, 'l');
  const label = 'd'.repeat(63);
  return `${local}@${[label, label, label, label].join('.')}`;
}
