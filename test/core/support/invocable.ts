import { statementsOf } from '../../../src/core/policy-document.ts';
import type { FakeAws } from './fake-aws.ts';

/** Rules that call what is not there or may not be invoked by them, in words; none is as it should be. */
export function deadRules({ sets, functions, published }: FakeAws): string[] {
  return [...sets].flatMap(([set, rules]) =>
    rules.flatMap(({ name, actions }) =>
      actions.flatMap((action) => {
        if (action.kind !== 'lambda') return [];
        const [fn = '', qualifier] = action.functionArn.split(':').slice(6);
        const alias = qualifier === undefined ? undefined : published.get(fn)?.aliases.get(qualifier);
        if (!functions.has(fn) || (qualifier !== undefined && alias === undefined))
          return [`${set}/${name} calls ${action.functionArn}, which is not there`];
        const policy = qualifier === undefined ? functions.get(fn)?.policy : alias?.policy;
        const arn = `arn:aws:ses:us-west-2:123456789012:receipt-rule-set/${set}:receipt-rule/${name}`;
        const granted = sourcesOf(policy).some((source) => isLike(arn, source));
        return granted ? [] : [`${set}/${name} may not call ${action.functionArn}`];
      }),
    ),
  );
}

/** What SES's permissions name as their source. */
export function sourcesOf(policy: Parameters<typeof statementsOf>[0]): string[] {
  return statementsOf(policy).flatMap(({ Condition }) => {
    const { ArnLike } = Condition as { ArnLike: Record<string, string> };
    return Object.values(ArnLike);
  });
}

const isLike = (arn: string, pattern: string): boolean =>
  pattern.endsWith('*') ? arn.startsWith(pattern.slice(0, -1)) : arn === pattern;
