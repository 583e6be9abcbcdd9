import { invalidParameter, limitExceeded, sesError } from './ses-error.ts';
import type { Identities } from './ses-identities.ts';
import { requireNames, requireWellFormed } from './ses-names.ts';
import type { Place, RuleSets } from './ses-rule-sets.ts';
import { describeRule, readRule, stringList } from './ses-rule-wire.ts';
import { checkTargets, type Targets } from './ses-targets.ts';
import type { ReceiptFilter, RuleHome, RuleSet } from './ses-types.ts';
import type { QueryResult } from './query-service.ts';
import { listParam, stringParam, structParam, type QueryParams } from './wire/query-protocol.ts';

/** One region of the account, as the operations see it. */
export type SesRegion = {
  readonly home: RuleHome;
  readonly ruleSets: RuleSets;
  readonly identities: Identities;
};

export type SesOperation = (region: SesRegion, params: QueryParams) => QueryResult | undefined;

const LIST_PAGE = 100;

/**
 * SES receiving and identities, version 2010-12-01. SendBounce is not here: the sandbox sends nothing.
 * https://docs.aws.amazon.com/ses/latest/APIReference/API_Operations.html
 */
export function sesOperations(
  targets: Targets,
  createsAppend: () => boolean,
  hex: (digits: number) => string,
): Readonly<Record<string, SesOperation>> {
  return {
    CreateReceiptRuleSet: ({ ruleSets }, params) => {
      ruleSets.createSet(setName(params));
      return undefined;
    },
    CloneReceiptRuleSet: ({ ruleSets }, params) => {
      requireNames(
        { at: 'ruleSetName', value: stringParam(params, 'RuleSetName') },
        { at: 'originalRuleSetName', value: stringParam(params, 'OriginalRuleSetName') },
      );
      ruleSets.cloneSet(setName(params), stringParam(params, 'OriginalRuleSetName') ?? '');
      return undefined;
    },
    DeleteReceiptRuleSet: ({ ruleSets }, params) => {
      ruleSets.deleteSet(setName(params));
      return undefined;
    },
    DescribeReceiptRuleSet: ({ ruleSets }, params) => describeSet(ruleSets.set(setName(params))),
    DescribeActiveReceiptRuleSet: ({ ruleSets }) => {
      const active = ruleSets.active();
      return active === undefined ? {} : describeSet(active);
    },
    ListReceiptRuleSets: ({ ruleSets }, params) => {
      const all = ruleSets.sets();
      const from = pageStart(stringParam(params, 'NextToken'));
      const next = from + LIST_PAGE;
      return {
        RuleSets: all.slice(from, next).map(metadata),
        NextToken: next < all.length ? pageToken(next) : undefined,
      };
    },
    SetActiveReceiptRuleSet: ({ ruleSets }, params) => {
      const name = stringParam(params, 'RuleSetName');
      if (name === '') throw invalidParameter('ruleSetName must not be empty');
      ruleSets.activate(name);
      return undefined;
    },
    ReorderReceiptRuleSet: ({ ruleSets }, params) => {
      ruleSets.reorder(setName(params), stringList(listParam(params, 'RuleNames')));
      return undefined;
    },

    CreateReceiptRule: ({ home, ruleSets }, params) => {
      const ruleSet = setName(params);
      const place = placeOf(params, createsAppend() ? { kind: 'tail' } : { kind: 'head' });
      const rule = readRule(params);
      ruleSets.checkNewRule(ruleSet, rule.name, place);
      checkTargets(targets, home, ruleSet, rule);
      ruleSets.insertRule(ruleSet, rule, createsAppend() ? { kind: 'tail' } : place);
      return undefined;
    },
    UpdateReceiptRule: ({ home, ruleSets }, params) => {
      const ruleSet = setName(params);
      const rule = readRule(params);
      ruleSets.rule(ruleSet, rule.name);
      checkTargets(targets, home, ruleSet, rule);
      ruleSets.replaceRule(ruleSet, rule);
      return undefined;
    },
    DeleteReceiptRule: ({ ruleSets }, params) => {
      ruleSets.deleteRule(setName(params), ruleName(params));
      return undefined;
    },
    DescribeReceiptRule: ({ ruleSets }, params) => ({
      Rule: describeRule(ruleSets.rule(setName(params), ruleName(params))),
    }),
    SetReceiptRulePosition: ({ ruleSets }, params) => {
      ruleSets.moveRule(setName(params), ruleName(params), placeOf(params, { kind: 'head' }));
      return undefined;
    },

    CreateReceiptFilter: ({ ruleSets }, params) => {
      ruleSets.createFilter(readFilter(params));
      return undefined;
    },
    DeleteReceiptFilter: ({ ruleSets }, params) => {
      requireNames({ at: 'filterName', value: stringParam(params, 'FilterName') });
      ruleSets.deleteFilter(stringParam(params, 'FilterName') ?? '');
      return undefined;
    },
    ListReceiptFilters: ({ ruleSets }) => ({
      Filters: ruleSets.filters().map(({ name, policy, cidr }) => ({
        Name: name,
        IpFilter: { Policy: policy, Cidr: cidr },
      })),
    }),

    VerifyDomainIdentity: ({ identities }, params) => {
      identities.add(present(params, 'Domain'));
      return { VerificationToken: Buffer.from(hex(64), 'hex').toString('base64') };
    },
    VerifyEmailIdentity: ({ identities }, params) => {
      identities.add(present(params, 'EmailAddress'));
      return undefined;
    },
    DeleteIdentity: ({ identities }, params) => {
      identities.remove(present(params, 'Identity'));
      return undefined;
    },
    ListIdentities: ({ identities }, params) => {
      const maxItems = Number(stringParam(params, 'MaxItems') ?? '1000');
      if (!Number.isInteger(maxItems) || maxItems < 1) throw invalidParameter('MaxItems must be a positive integer');
      const all = identities.list(stringParam(params, 'IdentityType'));
      const from = pageStart(stringParam(params, 'NextToken'));
      const next = from + maxItems;
      return {
        Identities: all.slice(from, next),
        NextToken: next < all.length ? pageToken(next) : undefined,
      };
    },
    GetIdentityVerificationAttributes: ({ identities }, params) => {
      const asked = stringList(listParam(params, 'Identities'));
      if (asked.length > 100) throw limitExceeded('Too many identities: at most 100 a call');
      const entries = asked
        .filter((identity) => identities.isVerified(identity))
        .map((identity) => ({ key: identity, value: { VerificationStatus: 'Success' } }));
      return { VerificationAttributes: { entry: entries } };
    },
  };
}

function describeSet(set: RuleSet): QueryResult {
  return { Metadata: metadata(set), Rules: set.rules.map(describeRule) };
}

function metadata(set: RuleSet): { Name: string; CreatedTimestamp: string } {
  return { Name: set.name, CreatedTimestamp: new Date(set.createdAtMs).toISOString() };
}

function setName(params: QueryParams): string {
  const name = stringParam(params, 'RuleSetName');
  requireNames({ at: 'ruleSetName', value: name });
  return requireWellFormed('ruleSetName', name ?? '');
}

function ruleName(params: QueryParams): string {
  const name = stringParam(params, 'RuleName');
  requireNames({ at: 'ruleName', value: name });
  return requireWellFormed('ruleName', name ?? '');
}

function placeOf(params: QueryParams, otherwise: Place): Place {
  const after = stringParam(params, 'After');
  if (after === undefined) return otherwise;
  requireNames({ at: 'after', value: after });
  return { kind: 'after', rule: after };
}

function readFilter(params: QueryParams): ReceiptFilter {
  const filter = structParam(params, 'Filter');
  requireNames({ at: 'filter.name', value: stringParam(filter, 'Name') });
  const name = requireWellFormed('filterName', stringParam(filter, 'Name') ?? '');
  const policy = stringParam(filter, 'IpFilter', 'Policy');
  const cidr = stringParam(filter, 'IpFilter', 'Cidr') ?? '';
  if (policy !== 'Block' && policy !== 'Allow') throw invalidParameter(`Not a valid filter policy: ${policy ?? ''}`);
  if (!/^\d{1,3}(?:\.\d{1,3}){3}(?:\/(?:3[0-2]|[12]?\d))?$/.test(cidr))
    throw invalidParameter(`Not a valid CIDR: ${cidr}`);
  return { name, policy, cidr };
}

function present(params: QueryParams, member: string): string {
  const value = stringParam(params, member);
  if (value !== undefined && value !== '') return value;
  const at = member.slice(0, 1).toLowerCase() + member.slice(1);
  throw sesError(
    'ValidationError',
    `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`,
  );
}

function pageToken(index: number): string {
  return Buffer.from(String(index)).toString('base64url');
}

function pageStart(token: string | undefined): number {
  if (token === undefined) return 0;
  const index = Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isInteger(index) || index < 1) throw invalidParameter(`Not a valid token: ${token}`);
  return index;
}
