import { ADOPT } from './annotations.ts';
import { desiredPipeline } from './desired.ts';
import { DISCOVERY_VARIABLE, LOG_LEVEL_VARIABLE } from './discovery.ts';
import { faultOf } from './fault.ts';
import { importSettings, settingsRemarks, type LiveFunction } from './import-settings.ts';
import { readRule, ruleSpec, type ImportedRule } from './import-rule.ts';
import { API_VERSION, KIND, parseManifest, type ManifestInput } from './manifest.ts';
import { STORAGE_RULE } from './receipt-rule-schema.ts';
import { pipelineKey, type PipelineIdentity } from './names.ts';
import { markIn } from './ownership.ts';
import { sameRule, type ReceiptRule } from './receipt-rule.ts';

/** What is known of AWS when manifests are made of it. */
export type ImportInput = {
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  readonly installation: string;
  readonly namespace: string;
  readonly ruleSet: { readonly name: string; readonly rules: readonly ReceiptRule[]; readonly active: boolean };
  /** Rules to make manifests of; undefined: all. */
  readonly rules: readonly string[] | undefined;
  /** Functions whose rules are wanted; undefined: all. */
  readonly functions: readonly string[] | undefined;
  /** Those that the rules invoke and that exist, by name. */
  readonly live: ReadonlyMap<string, LiveFunction>;
  /** Whether the manifests say at once that what they name is to be taken over. */
  readonly adopt: boolean;
};

/** A manifest that says what runs, and what is to be known about it. */
export type ImportedPipeline = { readonly document: ManifestInput; readonly remarks: readonly string[] };

export type Import = {
  readonly pipelines: readonly ImportedPipeline[];
  /** Rules that no manifest can say, each with a clause that says why; they stay as they are. */
  readonly leftOut: readonly { readonly rule: string; readonly why: string }[];
};

/** The function that an ARN names, if a rule of this account and region can be a pipeline's. */
export function functionNameIn(arn: string, { account, region }: Pick<ImportInput, 'account' | 'region'>) {
  const [, , , inRegion, inAccount, , name = '', qualifier] = arn.split(':');
  if (inAccount !== account || inRegion !== region)
    return { why: `its function ${arn} is in another account or region` };
  if (qualifier !== undefined) return { why: `it invokes the version or alias ${qualifier} of ${name}` };
  return { name };
}

/**
 * Manifests equal to what a rule set does today: one pipeline for each function, over its bucket, role and code as they
 * are. What a manifest cannot say is left out, never bent.
 */
export function importRules(input: ImportInput): Import {
  const leftOut: { rule: string; why: string }[] = [];
  const byFunction = new Map<string, ImportedRule[]>();
  for (const live of input.ruleSet.rules) {
    if (input.rules?.includes(live.name) === false) continue;
    const read = readWanted(live, input);
    if (read === 'unwanted') continue;
    if ('why' in read) leftOut.push({ rule: live.name, why: read.why });
    else byFunction.set(read.name, [...(byFunction.get(read.name) ?? []), read.rule]);
  }

  const pipelines: (ImportedPipeline & { readonly rules: readonly string[] })[] = [];
  const taken = new Set<string>();
  for (const [functionName, rules] of byFunction) {
    const made = importFunction(functionName, rules, unique(label(functionName), taken, 63), pipelines.length, input);
    leftOut.push(...made.leftOut);
    if (made.pipeline !== undefined) pipelines.push(made.pipeline);
  }
  return { pipelines: withOrderRemarks(pipelines, input.ruleSet.rules), leftOut };
}

function readWanted(
  live: ReceiptRule,
  input: ImportInput,
): 'unwanted' | { readonly why: string } | { readonly name: string; readonly rule: ImportedRule } {
  if (live.name.startsWith(`${input.installation}_`))
    return { why: `it is a rule that installation ${input.installation} of ses-lambda-pipeline made` };
  const rule = readRule(live);
  if ('why' in rule) return input.functions === undefined ? rule : 'unwanted';
  const found = functionNameIn(rule.functionArn, input);
  if ('why' in found) return { why: found.why };
  if (input.functions?.includes(found.name) === false) return 'unwanted';
  const fn = input.live.get(found.name);
  if (fn === undefined) return { why: `its function ${found.name} does not exist` };
  if (fn.runtime === undefined) return { why: `its function ${found.name} is a container image` };
  const owner = markIn(fn.tags);
  if (owner !== undefined)
    return { why: `its function ${found.name} belongs to pipeline ${pipelineKey(owner)} already` };
  return { name: found.name, rule };
}

function importFunction(
  functionName: string,
  rules: readonly ImportedRule[],
  name: string,
  priority: number,
  input: ImportInput,
): {
  readonly pipeline: (ImportedPipeline & { readonly rules: readonly string[] }) | undefined;
  readonly leftOut: Import['leftOut'];
} {
  const bucketName = rules.flatMap(({ store }) => store?.bucketName ?? [])[0] ?? bucketBefore(rules, input);
  const allOut = (why: string) => ({
    pipeline: undefined,
    leftOut: rules.map(({ live }) => ({ rule: live.name, why })),
  });
  if (bucketName === undefined)
    return allOut(`no rule of function ${functionName} stores the mail, and a pipeline has a bucket`);

  const first = rules.find(({ store }) => store !== undefined);
  const common = {
    objectKeyPrefix: first?.store?.objectKeyPrefix ?? '',
    invocationType: rules[0]?.invocationType ?? ('Event' as const),
  };
  const documentOf = (receiptRules: ManifestInput['spec']['receiptRules']): ManifestInput => ({
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      name,
      namespace: input.namespace,
      ...(input.adopt ? { annotations: { [ADOPT]: 'true' } } : {}),
    },
    spec: {
      region: input.region,
      messageBodyStorage: {
        bucketName,
        placement: 'PerRule',
        ...(common.objectKeyPrefix === '' ? {} : { objectKeyPrefix: common.objectKeyPrefix }),
      },
      ...functionAndRole(functionName, input),
      ...(common.invocationType === 'Event' ? {} : { invocationType: common.invocationType }),
      ruleSet: {
        name: input.ruleSet.name,
        create: false,
        ...(input.ruleSet.active ? {} : { activate: 'Never' }),
        ...(priority === 0 ? {} : { priority }),
      },
      receiptRules,
    },
  });

  const broken = firstIssue(documentOf([]), input);
  if (broken !== undefined) return allOut(`a manifest refuses function ${functionName}: ${broken}`);
  const leftOut: { rule: string; why: string }[] = [];
  const taken = new Set([STORAGE_RULE]);
  const kept = rules.flatMap((rule) => {
    const live = rule.live.name;
    if (rule.store !== undefined && rule.store.bucketName !== bucketName) {
      const why = `it stores in ${rule.store.bucketName}, and the other rules of function ${functionName} in ${bucketName}`;
      leftOut.push({ rule: live, why });
      return [];
    }
    const spec = ruleSpec(rule, unique(ruleLabel(live), taken, 31), common);
    const issue = firstIssue(documentOf([spec]), input);
    if (issue !== undefined) leftOut.push({ rule: live, why: `a manifest refuses it: ${issue}` });
    return issue === undefined ? [{ live: rule.live, spec }] : [];
  });
  if (kept.length === 0) return { pipeline: undefined, leftOut };
  const document = documentOf(kept.map(({ spec }) => spec));
  const liveRules = kept.map(({ live }) => live);
  const remarks = [...functionRemarks(functionName, name, input), ...differences(document, liveRules, input)];
  return { pipeline: { document, remarks, rules: liveRules.map((live) => live.name) }, leftOut };
}

/** Where the mail of rules that do not store themselves lies: in the bucket of the nearest rule before them. */
function bucketBefore(rules: readonly ImportedRule[], { ruleSet }: ImportInput): string | undefined {
  const at = ruleSet.rules.findIndex((rule) => rule === rules[0]?.live);
  const stores = ruleSet.rules.slice(0, at).flatMap(({ actions }) => actions.filter((action) => action.kind === 's3'));
  return stores.at(-1)?.bucketName;
}

function functionAndRole(functionName: string, { live }: ImportInput) {
  const fn = live.get(functionName);
  const { [DISCOVERY_VARIABLE]: _discovery, [LOG_LEVEL_VARIABLE]: _level, ...environment } = fn?.environment ?? {};
  return {
    role: { existingArn: fn?.roleArn ?? '' },
    function: {
      name: functionName,
      ...(fn === undefined || fn.description === '' ? {} : { description: fn.description }),
      runtime: fn?.runtime ?? '',
      handler: fn?.handler ?? '',
      memorySize: fn?.memorySize ?? 128,
      timeout: fn?.timeout ?? 3,
      ...(fn?.architecture === 'arm64' ? { architecture: 'arm64' as const } : {}),
      ...(Object.keys(environment).length === 0 ? {} : { environment }),
      ...(fn === undefined ? {} : importSettings(fn)),
      code: { existing: true as const },
    },
  };
}

function functionRemarks(functionName: string, name: string, { live, namespace }: ImportInput): string[] {
  const fn = live.get(functionName);
  const values = Object.keys(fn?.environment ?? {});
  return [
    `The code of ${functionName} stays what it is: whoever deploys it today goes on. To have it deployed from here, give function.code a source.`,
    ...(values.length === 0
      ? []
      : [
          `The environment is written with its values: treat this file as a secret if one of them is (${values.join(', ')}).`,
        ]),
    ...(fn?.description === ''
      ? [`The function has no description; it becomes "${namespace}/${name}: ${fn.handler ?? ''}".`]
      : []),
    ...(fn === undefined ? [] : settingsRemarks(fn)),
  ];
}

/** What apply would change all the same: the manifest is planned and compared with what it was made of. */
function differences(document: ManifestInput, live: readonly ReceiptRule[], input: ImportInput): string[] {
  const wanted = desiredRules(document, input);
  if (typeof wanted === 'string') return [wanted];
  return live.flatMap((rule) => {
    const other = wanted.find(({ name }) => name === rule.name);
    return other !== undefined && sameRule(rule, other)
      ? []
      : [`Rule ${rule.name} is updated when it is taken over: "plan" shows in what.`];
  });
}

function firstIssue(document: ManifestInput, input: ImportInput): string | undefined {
  const parsed = parseManifest(document);
  const [issue] = parsed.ok ? [] : parsed.issues;
  if (issue !== undefined) return `${issue.path.join('.')} ${issue.message}`;
  const wanted = desiredRules(document, input);
  return typeof wanted === 'string' ? wanted : undefined;
}

function desiredRules(document: ManifestInput, input: ImportInput): readonly ReceiptRule[] | string {
  const parsed = parseManifest(document);
  if (!parsed.ok) return parsed.issues.map(({ message }) => message).join('; ');
  const { name, namespace = input.namespace } = parsed.manifest.metadata;
  const { partition, account, region, installation } = input;
  const identity: PipelineIdentity = { partition, account, region, installation, namespace, name };
  const bucket = parsed.manifest.spec.messageBodyStorage.bucketName ?? '';
  try {
    const pipeline = { manifest: parsed.manifest, identity, code: { kind: 'existing' }, environment: {} } as const;
    return desiredPipeline(pipeline, bucket, undefined).block.rules;
  } catch (error) {
    return faultOf(error).message;
  }
}

/** Rules of one pipeline follow each other; where they alternate with another's, apply has to move some. */
function withOrderRemarks(
  pipelines: readonly (ImportedPipeline & { readonly rules: readonly string[] })[],
  live: readonly ReceiptRule[],
): ImportedPipeline[] {
  const order = live.map(({ name }) => name);
  const places = pipelines.map(({ rules }) => rules.map((name) => order.indexOf(name)));
  return pipelines.map(({ document, remarks, rules }, index) => {
    const own = places[index] ?? [];
    const between = pipelines.filter((_, other) =>
      (places[other] ?? []).some((at) => other > index && at < Math.max(...own)),
    );
    const names = between.map((other) => other.document.metadata.name);
    return {
      document,
      remarks:
        names.length === 0
          ? remarks
          : [
              ...remarks,
              `Its rules (${rules.join(', ')}) alternate with those of ${names.join(', ')}; apply puts them in front of these. Where one of them stops, look at "plan" before.`,
            ],
    };
  });
}

/** A name of the resource: a DNS label. */
function label(text: string): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-');
  return plain.replaceAll(/^-+|-+$/g, '') || 'pipeline';
}

/** A name in the manifest: letters, digits, dots and dashes. */
function ruleLabel(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9.-]+/g, '-').replaceAll(/^[.-]+|[.-]+$/g, '') || 'rule';
}

/** Cut to length, with a number where it is taken already. */
function unique(text: string, taken: Set<string>, length: number): string {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : `-${number}`;
    const name = `${text.slice(0, length - suffix.length).replace(/[.-]+$/, '')}${suffix}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}
