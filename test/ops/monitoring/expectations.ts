/** An alert that has to fire, by its name without our prefix, and the labels it has then. */
export type Expected = { readonly alert: string; readonly labels: Readonly<Record<string, string>> };

const of = (alert: string, ...names: readonly string[]): readonly Expected[] =>
  names.map((name) => ({ alert, labels: { namespace: 'mail-1', name } }));

const CONTROLLER = { namespace: 'ses-lambda-pipeline' };

/** What fires when a moment of the scenario lasts for an hour; every other alert must not. */
export const EXPECTATIONS: Readonly<Record<string, readonly Expected[]>> = {
  'no controller is there': [{ alert: 'ControllerAbsent', labels: {} }],
  'nobody leads': [{ alert: 'NoLeader', labels: { ...CONTROLLER, name: 'ses-lambda-pipeline' } }],
  'pipelines were never listed': [{ alert: 'WatchStale', labels: { ...CONTROLLER, resource: 'seslambdapipelines' } }],
  'all is well': [],
  'somebody else deletes a rule again and again': [{ alert: 'DriftFight', labels: { part: 'rules', kind: 'missing' } }],
  'a robot asks for a reconcile all the time': [{ alert: 'StatusHotLoop', labels: {} }],
  'AWS does not answer': [{ alert: 'WorkerStuck', labels: CONTROLLER }, ...of('NotReconciled', 'first', 'second')],
  'AWS throttles': [{ alert: 'AwsThrottled', labels: { service: 'lambda' } }, ...of('NotReady', 'first', 'second')],
  'pipelines are in trouble, each in another': [
    ...of('Stalled', 'denied'),
    ...of('NotReady', 'waiting'),
    ...of('DeletionStuck', 'leaving'),
    ...of('DriftUnrepaired', 'watched'),
    ...of('MailNotRouted', 'unrouted'),
  ],
  'the watch of ConfigMaps is cut': [{ alert: 'WatchStale', labels: { ...CONTROLLER, resource: 'configmaps' } }],
  'there is more to ask of SES than it allows': [{ alert: 'SesLaneSlow', labels: {} }],
  'a reconcile throws': [{ alert: 'ReconcilePanics', labels: CONTROLLER }],
};

/** Alerts on counts: in a fresh run one that falls into the next moment, of seconds, would be sixty in its hour. */
export const COUNTING: readonly string[] = ['DriftFight', 'StatusHotLoop'];

/** Alerts that may or may not fire, since it depends on what a moment happens to fall on. */
export const UNDECIDED: Readonly<Record<string, readonly string[]>> = {
  'somebody else deletes a rule again and again': ['StatusHotLoop'], // some repairs come with a write of the status
  'AWS throttles': ['StatusHotLoop'], // the message names the call that was refused last
};
