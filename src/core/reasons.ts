/** What a reason says to the person who reads it. */
export type ReasonText = {
  readonly means: string;
  /** Empty: nothing has to be done. */
  readonly todo: string;
};

type Reasons = Readonly<Record<string, ReasonText>>;

/** Why something is not as it should be: what a {@link Fault} names, and a condition with it. */
export const FAULT_REASONS = {
  AccessDenied: {
    means: 'AWS, the Kubernetes API server or a registry refuses a call to the credentials in use.',
    todo: 'Grant the action that the message names: in the IAM policy of the caller, in a bucket or organisation policy that denies it, or in the Role of the controller.',
  },
  AccountChanged: {
    means: 'The status names resources of another AWS account than the one that the credentials belong to.',
    todo: 'Give the controller credentials of the first account again; or delete the pipeline there first and apply it anew.',
  },
  AwsUnavailable: {
    means: 'AWS did not answer, or answered with an error of its own.',
    todo: 'Nothing; it is tried again. If it lasts, look at the network, at `--aws-endpoint-url` and at the AWS Health Dashboard.',
  },
  BucketNameTaken: {
    means: 'All eight names that the bucket could have are taken by buckets of other accounts.',
    todo: 'Change `messageBodyStorage.logicalName`, or name a bucket that exists as `bucketName`.',
  },
  ChangedMeanwhile: {
    means: 'Something was changed by somebody else between our look and our call.',
    todo: 'Nothing; the run looks again and decides anew.',
  },
  CredentialsMissing: {
    means: 'There are no credentials, or they are expired or not valid.',
    todo: 'Give the process AWS credentials (role of the machine or pod, profile, `AWS_*` variables), or a kubeconfig whose user is accepted.',
  },
  DeletionBlocked: {
    means: 'Something cannot be deleted: a bucket with mail in it, or a resource that somebody else still uses.',
    todo: 'Do what the message says; for a bucket, empty it or set `deletionPolicy` to `Retain` or `DeleteWithContents`. The manifest can be changed while it is being deleted.',
  },
  DependencyNotReady: {
    means: 'Something that the manifest names does not exist yet: a ConfigMap, a bucket, a role, a zip in S3.',
    todo: 'Create it, or correct its name. The pipeline goes on by itself once it is there.',
  },
  FunctionFailed: {
    means: 'Lambda could not make the function ready.',
    todo: 'Do what the message quotes from Lambda; then change the manifest, or wait for the next check.',
  },
  FunctionUpdating: {
    means: 'The function is busy with our last change.',
    todo: 'Nothing; it takes seconds, and minutes for an image or a VPC.',
  },
  Immutable: {
    means: 'A field that cannot change was changed: region or the identity of the bucket.',
    todo: 'Change it back; or delete the pipeline and apply it anew.',
  },
  InternalError: {
    means: 'A mistake in this program.',
    todo: 'Report it with the lines of the log that bear the same `reconcileId`. It is tried again meanwhile.',
  },
  InvalidSpec: {
    means: 'The manifest is not valid, or AWS refuses a value in it.',
    todo: 'Correct the field that the message names.',
  },
  KubernetesUnavailable: {
    means: 'The Kubernetes API server did not answer, or answered with an error of its own.',
    todo: 'Nothing; it is asked again. If it lasts, look at the API server and at the way to it.',
  },
  NotConverging: {
    means: 'The same changes were made several times in a row, and each time AWS was different again.',
    todo: 'Find out who else writes the fields that the message names (another tool, a policy, a second installation) and let one of the two go. A change of the manifest or a request to reconcile starts anew.',
  },
  OldSetStillActive: {
    means: '`ruleSet.name` was changed, but the old rule set is still the active one, so the rules stay in both.',
    todo: 'Say `ruleSet.activate: Always` to switch over, or switch the active set by hand.',
  },
  OrderBlocked: {
    means:
      'Our rules are out of order, and putting them right would move one past a rule of somebody else that can stop the same mail.',
    todo: 'Ask the owner of the rule that the message names to move it, or to take the stop or the shared recipients out of it.',
  },
  OtherRuleSetActive: {
    means: 'Another rule set is active, so no mail reaches the rules.',
    todo: 'Name the active set as `ruleSet.name`, or say `ruleSet.activate: Always`.',
  },
  OwnershipConflict: {
    means: 'Something on AWS has the name that is needed and does not bear our mark. It is left untouched.',
    todo: 'Rename or remove it, choose another name or `--installation`, or do what the message says.',
  },
  QuotaExceeded: {
    means: 'A quota of AWS is used up.',
    todo: 'Ask AWS to raise it where that is possible, or remove what is not needed.',
  },
  RecipientClaimed: {
    means: 'Another pipeline of the same account and region already has this recipient.',
    todo: 'Take the recipient out of one of the two.',
  },
  RegistryUnavailable: {
    means: 'The registry that holds the code did not answer, or answered with an error of its own.',
    todo: 'Nothing; it is asked again. If it lasts, look at the registry and at the way to it.',
  },
  RolloutFellBack: {
    means:
      'The pipeline asks for `ruleSet.rollout: BlueGreen`, but the rules of the set are changed in place, one after the other.',
    todo: 'Do what the message says; the next change is made by a switch of sets again. Or say `rollout: InPlace`.',
  },
  RuleSetMissing: {
    means: 'The rule set does not exist and `ruleSet.create` is false.',
    todo: 'Create it, or leave `ruleSet.create` out.',
  },
  TenancyDenied: {
    means: 'The settings of the controller do not allow this namespace what the manifest asks for.',
    todo: 'Ask who runs the controller for an entry for the namespace, or take out what the message names.',
  },
  Throttled: {
    means: 'AWS, or the Kubernetes API server, limits the rate of calls.',
    todo: 'Nothing; it is tried again more slowly. If it lasts, see who else makes calls in the account.',
  },
  WaitingForPropagation: {
    means: 'A role, policy or permission of ours is not seen by every part of AWS yet.',
    todo: 'Nothing; it takes seconds, in rare cases minutes.',
  },
} as const satisfies Reasons;

/** What a condition can say beside a fault. */
export const STATE_REASONS = {
  Deleting: {
    means: 'The pipeline is being deleted, and what it owns on AWS with it.',
    todo: '',
  },
  DriftDetected: {
    means: 'AWS differs from the manifest, and is only watched (`managementPolicy: Observe`).',
    todo: 'Change AWS or the manifest, or let the controller write.',
  },
  IdentityNotVerified: {
    means: '`MailRouted`: SES has no verified identity for a domain among the recipients, so it refuses mail for it.',
    todo: 'Create the identity in the region of the pipeline, or publish the DNS records that SES names for it.',
  },
  MxElsewhere: {
    means: '`MailRouted`: the MX record of a domain is missing, or leads somewhere else than to SES in this region.',
    todo: 'Publish the MX record that the message gives.',
  },
  NotActive: {
    means:
      'The rule set is not the active one: the manifest wants it so (`ruleSet.activate: Never`), or it has not come to that. No mail reaches the rules.',
    todo: 'Switch it on when mail is to arrive.',
  },
  NotCreated: {
    means: 'This part does not exist on AWS.',
    todo: 'Nothing; under `managementPolicy: Observe` it has to be made by somebody else.',
  },
  NotLookedAt: {
    means: '`MailRouted`: SES or DNS has not answered yet.',
    todo: 'Nothing; they are asked again. If it lasts, look at the way to DNS.',
  },
  OutOfSync: {
    means: 'This part exists and differs from the manifest.',
    todo: 'Nothing, unless `Ready` says otherwise.',
  },
  Progressing: {
    means: 'Work is under way and nothing went wrong.',
    todo: '',
  },
  ProgressingWithRetry: {
    means: 'Something went wrong that is tried again by itself; `Ready` says what.',
    todo: 'See the reason of `Ready`.',
  },
  Routed: {
    means: '`MailRouted`: nothing is known that keeps mail from the rules.',
    todo: '',
  },
  StoppedBefore: {
    means: '`MailRouted`: an earlier rule ends the evaluation before a rule of the pipeline sees its mail.',
    todo: 'Do what the message says: the earlier rule has to move or to let the mail through.',
  },
  Succeeded: {
    means: 'AWS is as the manifest says.',
    todo: '',
  },
  Suspended: {
    means: 'The manifest says `suspend: true`: nothing is compared with AWS and nothing is written.',
    todo: 'Take `suspend` out to go on.',
  },
} as const satisfies Reasons;

/** What an event tells: something has happened. */
export const EVENT_REASONS = {
  BucketRecreated: {
    means: 'The bucket was gone and was made anew, empty.',
    todo: 'Find out who deleted it; its mail is lost.',
  },
  Created: {
    means: 'The pipeline was made on AWS.',
    todo: '',
  },
  Deleted: {
    means: 'What the pipeline owned on AWS is gone.',
    todo: '',
  },
  DeletionBlocked: {
    means: 'The deletion has come to something that cannot be deleted.',
    todo: 'Do what its message says.',
  },
  DriftDetected: {
    means: 'Somebody changed on AWS what the manifest describes; the message names what.',
    todo: 'If it was not you: find out who it was.',
  },
  DriftRepaired: {
    means: 'AWS is as the manifest says again.',
    todo: '',
  },
  LeftInPlace: {
    means:
      'The pipeline was deleted, and what it had on AWS stays, as its `managementPolicy` says or as somebody asked.',
    todo: 'Remove by hand what is not wanted any more.',
  },
  Stalled: {
    means: 'Nothing will change until somebody does something.',
    todo: 'Look up the reason that the message begins with above.',
  },
  Updated: {
    means: 'A change of the manifest or of its code was carried through.',
    todo: '',
  },
} as const satisfies Reasons;

export type FaultReason = keyof typeof FAULT_REASONS;

/** Closed: a reason without an entry above does not compile. */
export type ConditionReason = FaultReason | keyof typeof STATE_REASONS;

export type EventReason = keyof typeof EVENT_REASONS;

/** Whether a condition may say so. */
export const isConditionReason = (text: string): boolean =>
  Object.hasOwn(FAULT_REASONS, text) || Object.hasOwn(STATE_REASONS, text);
