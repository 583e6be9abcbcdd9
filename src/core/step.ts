import type { AsyncSettings, FunctionConfiguration } from './function-configuration.ts';
import type { NewCode } from './function-code.ts';
import type { BucketEncryption, LifecycleRule, Tags } from './observed.ts';
import type { RuleChange } from './plan-rule-set.ts';
import type { InvokeGrant, PolicyDocument, Statement } from './policy-document.ts';
import type { NewFunction, NewRole } from './ports.ts';
import type { ReceiptRule } from './receipt-rule.ts';

/** Parts of a pipeline; each has its condition. */
export type Part = 'bucket' | 'role' | 'function' | 'permission' | 'rules' | 'ruleSet';

/** A field that a step changes, for people: what it is now and what it will be. */
export type FieldChange = { readonly field: string; readonly before?: unknown; readonly after?: unknown };

/** One change of one rule set, bound to its set. */
type InRuleSet<Change> = Change extends unknown
  ? Omit<Change, 'owner' | 'needs'> & { readonly ruleSet: string }
  : never;
export type RuleStepAction = InRuleSet<RuleChange>;

/** What a step does, as plain data: it can be shown, counted and compared. */
export type StepAction =
  | { readonly kind: 'createBucket'; readonly bucket: string; readonly tags: Tags }
  | { readonly kind: 'putBucketTags'; readonly bucket: string; readonly tags: Tags }
  | { readonly kind: 'blockPublicAccess'; readonly bucket: string }
  | { readonly kind: 'putBucketOwnership'; readonly bucket: string }
  | { readonly kind: 'putBucketEncryption'; readonly bucket: string; readonly encryption: BucketEncryption }
  | { readonly kind: 'putBucketVersioning'; readonly bucket: string; readonly status: 'Enabled' | 'Suspended' }
  | { readonly kind: 'putBucketLifecycle'; readonly bucket: string; readonly rules: readonly LifecycleRule[] }
  | {
      /** Merged into the policy as it is when the step runs: statements of others survive. */
      readonly kind: 'mergeBucketPolicy';
      readonly bucket: string;
      readonly add: readonly Statement[];
      readonly removeSids: readonly string[];
    }
  | { readonly kind: 'emptyBucket'; readonly bucket: string }
  | { readonly kind: 'deleteBucket'; readonly bucket: string }
  | { readonly kind: 'createRole'; readonly role: NewRole }
  | { readonly kind: 'updateRoleTrust'; readonly role: string; readonly trust: PolicyDocument }
  | { readonly kind: 'updateRoleDescription'; readonly role: string; readonly description: string }
  | { readonly kind: 'tagRole'; readonly role: string; readonly tags: Tags }
  | { readonly kind: 'putRoleBoundary'; readonly role: string; readonly policyArn: string }
  | { readonly kind: 'deleteRoleBoundary'; readonly role: string }
  | {
      readonly kind: 'putRolePolicy';
      readonly role: string;
      readonly policyName: string;
      readonly document: PolicyDocument;
    }
  | { readonly kind: 'deleteRolePolicy'; readonly role: string; readonly policyName: string }
  | { readonly kind: 'attachRolePolicy'; readonly role: string; readonly policyArn: string }
  | { readonly kind: 'detachRolePolicy'; readonly role: string; readonly policyArn: string }
  | { readonly kind: 'leaveInstanceProfiles'; readonly role: string }
  | { readonly kind: 'deleteRole'; readonly role: string }
  | { readonly kind: 'createFunction'; readonly fn: NewFunction; readonly code: NewCode }
  | {
      readonly kind: 'updateFunctionCode';
      readonly fn: string;
      readonly architecture: string;
      readonly code: NewCode;
    }
  | { readonly kind: 'updateFunctionConfiguration'; readonly fn: string; readonly configuration: FunctionConfiguration }
  | { readonly kind: 'awaitFunction'; readonly fn: string }
  | { readonly kind: 'tagFunction'; readonly fn: string; readonly arn: string; readonly tags: Tags }
  | { readonly kind: 'untagFunction'; readonly fn: string; readonly arn: string; readonly keys: readonly string[] }
  | {
      readonly kind: 'deleteFunction';
      readonly fn: string;
      /** The function that has taken its place. */
      readonly replacedBy?: string;
    }
  | { readonly kind: 'publishVersion'; readonly fn: string }
  | {
      readonly kind: 'pointAlias';
      readonly fn: string;
      readonly alias: string;
      /** A number, or whichever was published last. */
      readonly version: string;
      readonly isNew: boolean;
    }
  | { readonly kind: 'deleteOldVersions'; readonly fn: string; readonly keep: number }
  | { readonly kind: 'deleteAlias'; readonly fn: string; readonly alias: string }
  | {
      readonly kind: 'addPermission';
      readonly fn: string;
      readonly grant: InvokeGrant;
      /** The alias whose policy it is for; absent: that of the function itself. */
      readonly qualifier?: string | undefined;
    }
  | {
      readonly kind: 'removePermission';
      readonly fn: string;
      readonly statementId: string;
      readonly qualifier?: string | undefined;
    }
  | {
      readonly kind: 'putAsyncSettings';
      readonly fn: string;
      readonly settings: AsyncSettings;
      /** The alias that is called; absent: the function itself. */
      readonly qualifier?: string | undefined;
    }
  | { readonly kind: 'deleteAsyncSettings'; readonly fn: string; readonly qualifier?: string | undefined }
  | { readonly kind: 'putReservedConcurrency'; readonly fn: string; readonly reserved: number }
  | { readonly kind: 'deleteReservedConcurrency'; readonly fn: string }
  | { readonly kind: 'createLogGroup'; readonly logGroup: string; readonly tags: Tags }
  | { readonly kind: 'putLogRetention'; readonly logGroup: string; readonly retentionDays: number }
  | { readonly kind: 'deleteLogRetention'; readonly logGroup: string }
  | { readonly kind: 'tagLogGroup'; readonly logGroup: string; readonly arn: string; readonly tags: Tags }
  | {
      readonly kind: 'untagLogGroup';
      readonly logGroup: string;
      readonly arn: string;
      readonly keys: readonly string[];
    }
  | { readonly kind: 'deleteLogGroup'; readonly logGroup: string }
  | { readonly kind: 'createRuleSet'; readonly ruleSet: string }
  | { readonly kind: 'cloneRuleSet'; readonly ruleSet: string; readonly original: string }
  | {
      /** Reads a set that is not in use: it must hold exactly these rules, and one Reorder puts them in this order. */
      readonly kind: 'settleClone';
      readonly ruleSet: string;
      readonly rules: readonly ReceiptRule[];
      /** The order is known to be wrong; otherwise this only verifies what the other calls have done. */
      readonly expected: 'reorder' | 'right';
    }
  | {
      /** Makes the set active in place of another, unless that is not as it was when it was cloned. */
      readonly kind: 'switchRuleSet';
      readonly ruleSet: string;
      readonly original: string;
      readonly rules: readonly ReceiptRule[];
    }
  | { readonly kind: 'activateRuleSet'; readonly ruleSet: string; readonly onlyIfNone: boolean }
  | { readonly kind: 'deactivateRuleSet'; readonly ruleSet: string }
  | {
      readonly kind: 'deleteRuleSet';
      readonly ruleSet: string;
      /** The set in use, of which this one holds nothing but copies and rules of ours. */
      readonly twinOf?: string;
    }
  | RuleStepAction;

/** One thing to do. Steps that do not need each other, and have different lanes, run at once. */
export type Step = {
  /** Unique in a plan and the same in every plan that wants the same thing. */
  readonly id: string;
  /** `namespace/name`; undefined for what belongs to a rule set as a whole. */
  readonly owner: string | undefined;
  readonly part: Part;
  readonly region: string;
  readonly action: StepAction;
  /** Ids of steps that must have succeeded. */
  readonly needs: readonly string[];
  /** Steps of one lane run one after the other, in the order of the plan. */
  readonly lane: string;
  readonly why: string;
  readonly changes: readonly FieldChange[];
};

export type Verb = 'create' | 'update' | 'delete' | 'reorder' | 'verify' | 'wait' | 'activate' | 'deactivate';

/** How a step is shown: `create rule slp_mail_app_Default`. */
export function describeAction(action: StepAction): { readonly verb: Verb; readonly target: string } {
  switch (action.kind) {
    case 'createBucket':
      return { verb: 'create', target: `bucket ${action.bucket}` };
    case 'putBucketTags':
      return { verb: 'update', target: `tags of bucket ${action.bucket}` };
    case 'blockPublicAccess':
      return { verb: 'update', target: `public access block of bucket ${action.bucket}` };
    case 'putBucketOwnership':
      return { verb: 'update', target: `object ownership of bucket ${action.bucket}` };
    case 'putBucketEncryption':
      return { verb: 'update', target: `encryption of bucket ${action.bucket}` };
    case 'putBucketVersioning':
      return { verb: 'update', target: `versioning of bucket ${action.bucket}` };
    case 'putBucketLifecycle':
      return { verb: 'update', target: `lifecycle of bucket ${action.bucket}` };
    case 'mergeBucketPolicy':
      return {
        verb: action.add.length > 0 ? 'update' : 'delete',
        target: `grant to SES in the policy of bucket ${action.bucket}`,
      };
    case 'emptyBucket':
      return { verb: 'delete', target: `all objects of bucket ${action.bucket}` };
    case 'deleteBucket':
      return { verb: 'delete', target: `bucket ${action.bucket}` };
    case 'createRole':
      return { verb: 'create', target: `role ${action.role.name}` };
    case 'updateRoleTrust':
      return { verb: 'update', target: `trust policy of role ${action.role}` };
    case 'updateRoleDescription':
      return { verb: 'update', target: `description of role ${action.role}` };
    case 'tagRole':
      return { verb: 'update', target: `tags of role ${action.role}` };
    case 'putRoleBoundary':
      return { verb: 'update', target: `permissions boundary of role ${action.role}` };
    case 'deleteRoleBoundary':
      return { verb: 'delete', target: `permissions boundary of role ${action.role}` };
    case 'putRolePolicy':
      return { verb: 'update', target: `policy ${action.policyName} of role ${action.role}` };
    case 'deleteRolePolicy':
      return { verb: 'delete', target: `policy ${action.policyName} of role ${action.role}` };
    case 'attachRolePolicy':
      return { verb: 'update', target: `role ${action.role}: attach ${action.policyArn}` };
    case 'detachRolePolicy':
      return { verb: 'update', target: `role ${action.role}: detach ${action.policyArn}` };
    case 'leaveInstanceProfiles':
      return { verb: 'verify', target: `that role ${action.role} is in no instance profile` };
    case 'deleteRole':
      return { verb: 'delete', target: `role ${action.role}` };
    case 'createFunction':
      return { verb: 'create', target: `function ${action.fn.name}` };
    case 'updateFunctionCode':
      return { verb: 'update', target: `code of function ${action.fn}` };
    case 'updateFunctionConfiguration':
      return { verb: 'update', target: `configuration of function ${action.fn}` };
    case 'awaitFunction':
      return { verb: 'wait', target: `until function ${action.fn} is active` };
    case 'tagFunction':
    case 'untagFunction':
      return { verb: 'update', target: `tags of function ${action.fn}` };
    case 'putAsyncSettings':
    case 'deleteAsyncSettings':
      return { verb: 'update', target: `async settings of ${qualified(action)}` };
    case 'putReservedConcurrency':
    case 'deleteReservedConcurrency':
      return { verb: 'update', target: `reserved concurrency of function ${action.fn}` };
    case 'createLogGroup':
      return { verb: 'create', target: `log group ${action.logGroup}` };
    case 'putLogRetention':
    case 'deleteLogRetention':
      return { verb: 'update', target: `retention of log group ${action.logGroup}` };
    case 'tagLogGroup':
    case 'untagLogGroup':
      return { verb: 'update', target: `tags of log group ${action.logGroup}` };
    case 'deleteLogGroup':
      return { verb: 'delete', target: `log group ${action.logGroup}` };
    case 'deleteFunction':
      return {
        verb: 'delete',
        target: `function ${action.fn}${action.replacedBy === undefined ? '' : `, replaced by ${action.replacedBy}`}`,
      };
    case 'publishVersion':
      return { verb: 'create', target: `version of function ${action.fn}` };
    case 'pointAlias':
      return {
        verb: action.isNew ? 'create' : 'update',
        target: `alias ${action.alias} of function ${action.fn}`,
      };
    case 'deleteOldVersions':
      return { verb: 'delete', target: `versions of function ${action.fn} before the newest ${action.keep}` };
    case 'deleteAlias':
      return { verb: 'delete', target: `alias ${action.alias} of function ${action.fn}` };
    case 'addPermission':
      return {
        verb: 'create',
        target: `permission ${action.grant.statementId} of ${qualified(action)}`,
      };
    case 'removePermission':
      return { verb: 'delete', target: `permission ${action.statementId} of ${qualified(action)}` };
    case 'createRuleSet':
      return { verb: 'create', target: `rule set ${action.ruleSet}` };
    case 'cloneRuleSet':
      return { verb: 'create', target: `rule set ${action.ruleSet} as a clone of ${action.original}` };
    case 'settleClone':
      return action.expected === 'reorder'
        ? { verb: 'reorder', target: `rules of ${action.ruleSet}` }
        : { verb: 'verify', target: `the rules in ${action.ruleSet}` };
    case 'switchRuleSet':
      return { verb: 'activate', target: `rule set ${action.ruleSet} in place of ${action.original}` };
    case 'activateRuleSet':
      return { verb: 'activate', target: `rule set ${action.ruleSet}` };
    case 'deactivateRuleSet':
      return { verb: 'deactivate', target: `rule set ${action.ruleSet}` };
    case 'deleteRuleSet':
      return {
        verb: 'delete',
        target: `rule set ${action.ruleSet}${action.twinOf === undefined ? '' : `, kept beside ${action.twinOf}`}`,
      };
    case 'createRule':
      return { verb: 'create', target: `rule ${action.rule.name} in ${action.ruleSet}` };
    case 'updateRule':
      return { verb: 'update', target: `rule ${action.rule.name} in ${action.ruleSet}` };
    case 'deleteRule':
      return { verb: 'delete', target: `rule ${action.before.name} in ${action.ruleSet}` };
    case 'orderRules':
      return action.expected === 'reorder'
        ? { verb: 'reorder', target: `rules of ${action.ruleSet}` }
        : { verb: 'verify', target: `order of the rules in ${action.ruleSet}` };
  }
}

const qualified = ({ fn, qualifier }: { readonly fn: string; readonly qualifier?: string | undefined }): string =>
  qualifier === undefined ? `function ${fn}` : `alias ${qualifier} of function ${fn}`;

/** Waiting and verifying write nothing: a plan of such steps alone is an empty plan. */
export function isWrite(action: StepAction): boolean {
  const { verb } = describeAction(action);
  return verb !== 'wait' && verb !== 'verify';
}

/** Whether somebody should be asked first: it takes something away that a manifest alone cannot bring back. */
export function isDestructive(action: StepAction): boolean {
  return (
    describeAction(action).verb === 'delete' &&
    action.kind !== 'mergeBucketPolicy' &&
    action.kind !== 'removePermission' &&
    action.kind !== 'deleteAlias' &&
    action.kind !== 'deleteOldVersions' &&
    !(action.kind === 'deleteFunction' && action.replacedBy !== undefined) &&
    !(action.kind === 'deleteRuleSet' && action.twinOf !== undefined)
  );
}
