import { AwsError } from './aws-error.ts';
import { isManagedPolicyArn, managedPolicyDocument } from './iam-managed-policies.ts';
import type { SandboxContext } from './service.ts';

/** A policy that an account wrote itself. It has one version: what is changed here is made anew. */
export type CustomerPolicy = {
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly path: string;
  readonly description: string | undefined;
  readonly document: string;
  readonly createdAtMs: number;
  readonly tags: ReadonlyMap<string, string>;
};

/** Policies that can be attached to roles, or be their boundary: AWS's own, and those of the accounts. */
export type PolicyBook = {
  readonly exists: (arn: string) => boolean;
  /** The text of a policy; one that is gone grants nothing. */
  readonly documentOf: (arn: string) => string;
  /** @throws NoSuchEntity */
  readonly get: (arn: string) => CustomerPolicy;
  readonly add: (account: string, policy: Omit<CustomerPolicy, 'id' | 'arn' | 'createdAtMs'>) => CustomerPolicy;
  readonly remove: (arn: string) => void;
  /** By name. */
  readonly list: (account: string) => readonly CustomerPolicy[];
};

/** AWS's own policies only. */
export function createPolicyBook(context: SandboxContext): PolicyBook {
  const policies = new Map<string, CustomerPolicy>();

  return {
    exists: (arn) => isManagedPolicyArn(arn) || policies.has(arn),
    documentOf: (arn) => policies.get(arn)?.document ?? managedPolicyDocument(arn),
    get: (arn) => {
      const policy = policies.get(arn);
      if (policy === undefined) throw new AwsError(404, 'NoSuchEntity', `Policy ${arn} was not found.`);
      return policy;
    },
    add: (account, wanted) => {
      const arn = `arn:${context.partition}:iam::${account}:policy${wanted.path}${wanted.name}`;
      const sameName = [...policies.values()].some(
        (policy) => policy.arn.split(':')[4] === account && policy.name.toLowerCase() === wanted.name.toLowerCase(),
      );
      if (sameName) {
        throw new AwsError(
          409,
          'EntityAlreadyExists',
          `A policy called ${wanted.name} already exists. Duplicate names are not allowed.`,
        );
      }
      const id = `ANPA${context.ids.hex(17).toUpperCase()}`;
      const policy = { ...wanted, id, arn, createdAtMs: context.clock.now() };
      policies.set(arn, policy);
      return policy;
    },
    remove: (arn) => {
      policies.delete(arn);
    },
    list: (account) =>
      [...policies.values()]
        .filter(({ arn }) => arn.split(':')[4] === account)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
