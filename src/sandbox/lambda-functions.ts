import { checkZip, codeSha256 } from './lambda-code.ts';
import { AwsError } from './aws-error.ts';
import { conflict, functionNotFound, invalidValue, notFound, preconditionFailed } from './lambda-error.ts';
import { refuseDestinationsWithoutRights, refuseSettingsWithoutRights } from './lambda-rights.ts';
import { missing, newSettings, objectOf, patchedSettings, stringMapOf, textOf, type Input } from './lambda-settings.ts';
import type { FunctionCode, FunctionRecord, FunctionVersion } from './lambda-types.ts';
import { checkName } from './lambda-validation.ts';
import { versionOf, withPublished } from './lambda-versions.ts';
import type { Home, IamDoor, SandboxContext } from './service.ts';

export type FunctionsDeps = {
  readonly context: SandboxContext;
  readonly iam: IamDoor;
  readonly updateMs: number;
  readonly readObject: (bucket: string, key: string, versionId: string | undefined) => Uint8Array | undefined;
  /** Told after every change of code or settings, and after a deletion. */
  readonly changed: (functionArn: string) => void;
};

/** The functions of all accounts and regions. */
export type Functions = ReturnType<typeof createFunctions>;

const MAX_ZIP_BYTES = 50 * 1024 * 1024;
const ARCHITECTURES = ['x86_64', 'arm64'];

/** No function at first. A method that refuses throws an `AwsError` and has changed nothing. */
export function createFunctions(deps: FunctionsDeps) {
  const { context, iam } = deps;
  const { clock, ids } = context;
  const records = new Map<string, FunctionRecord>();

  const arnOf = ({ account, region }: Home, name: string): string =>
    `arn:${context.partition}:lambda:${region}:${account}:function:${name}`;
  /** Takes a name, a partial ARN or an ARN, with or without a qualifier. */
  const locate = (home: Home, nameOrArn: string): { readonly arn: string; readonly qualifier?: string } => {
    const parts = nameOrArn.split(':');
    const at = parts.indexOf('function');
    const [name = '', qualifier] = at === -1 ? parts : parts.slice(at + 1);
    if (parts[0] === 'arn') refuseElsewhere(home, { account: parts[4] ?? '', region: parts[3] ?? '' }, nameOrArn);
    const arn = arnOf(home, name);
    return qualifier === undefined ? { arn } : { arn, qualifier };
  };
  const get = (home: Home, nameOrArn: string): FunctionRecord => {
    const { arn } = locate(home, nameOrArn);
    const record = records.get(arn);
    if (record === undefined) throw functionNotFound(arn);
    return record;
  };
  const getVersion = (home: Home, nameOrArn: string, qualifier?: string): QualifiedFunction => {
    const record = get(home, nameOrArn);
    const wanted = qualifierOf(locate(home, nameOrArn).qualifier, qualifier);
    const version = versionOf(record, wanted);
    return wanted === undefined ? { record, version } : { record, version, qualifier: wanted };
  };
  const put = (record: FunctionRecord): FunctionRecord => {
    records.set(record.arn, record);
    return record;
  };
  const newRevision = (): string => ids.hex(32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
  const touched = (record: FunctionRecord): FunctionRecord => ({
    ...record,
    revisionId: newRevision(),
    lastModifiedMs: clock.now(),
  });
  /** `$LATEST` runs under its own ARN and under those of aliases. */
  const changed = ({ arn, aliases, versions }: FunctionRecord): void => {
    const names = ['$LATEST', ...aliases.map(({ name }) => name), ...versions.map(({ version }) => version)];
    for (const each of [arn, ...names.map((name) => `${arn}:${name}`)]) deps.changed(each);
  };
  const published = (record: FunctionRecord, input: Input): FunctionVersion => {
    const next = withPublished(record, input, newRevision);
    put(next.record);
    return next.version;
  };
  const updated = (record: FunctionRecord): FunctionRecord => {
    const stored = put({ ...touched(record), updatedAtMs: clock.now() + deps.updateMs });
    changed(stored);
    return stored;
  };
  const refuseWhileBusy = (record: FunctionRecord): void => {
    if (clock.now() >= record.activeAtMs && clock.now() >= record.updatedAtMs) return;
    const what =
      clock.now() < record.activeAtMs
        ? 'The function is currently in the following state: Pending'
        : `An update is in progress for resource: ${record.arn}`;
    throw conflict(`The operation cannot be performed at this time. ${what}`);
  };
  const refuseRole = (role: string): void => {
    if (!iam.roleExists(role) || !iam.assumableBy(role, 'lambda.amazonaws.com')) {
      throw invalidValue('The role defined for the function cannot be assumed by Lambda.');
    }
  };
  const codeOf = (code: Input): FunctionCode => {
    const imageUri = textOf(code, 'ImageUri');
    if (imageUri !== undefined) return { zip: undefined, imageUri, sha256: codeSha256(Buffer.from(imageUri)) };
    const zip = zipOf(code, deps.readObject);
    checkZip(zip);
    return { zip, sha256: codeSha256(zip) };
  };

  return {
    /** By ARN, with or without a qualifier; undefined when there is no such function, version or alias. */
    find: (arn: string): QualifiedFunction | undefined => {
      const [, , , region = '', account = '', , name = '', qualifier] = arn.split(':');
      const record = records.get(arnOf({ account, region }, name));
      const known = record !== undefined && namesVersion(record, qualifier);
      return known ? getVersion({ account, region }, arn) : undefined;
    },
    get,
    /** The function and the version or alias that the name, or else `qualifier`, asks for. */
    getVersion,
    list: (home: Home): FunctionRecord[] =>
      [...records.values()]
        .filter(({ name, arn }) => arn === arnOf(home, name))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),

    create: (home: Home, input: Input): FunctionVersion => {
      const name = textOf(input, 'FunctionName')?.split(':').at(-1);
      if (name === undefined) throw missing('functionName');
      checkName(name);
      const arn = arnOf(home, name);
      const packageType = textOf(input, 'PackageType') === 'Image' ? 'Image' : 'Zip';
      const settings = newSettings(name, packageType, input);
      const architectures = architecturesOf(input) ?? ['x86_64'];
      const code = codeOf(objectOf(input, 'Code') ?? {});
      if (records.has(arn)) throw conflict(`Function already exist: ${name}`);
      refuseRole(settings.Role);
      refuseSettingsWithoutRights(settings, arn, iam);
      const now = clock.now();
      const record = put({
        name,
        arn,
        version: '$LATEST',
        packageType,
        architectures,
        settings,
        code,
        tags: stringMapOf(input, 'Tags') ?? {},
        revisionId: newRevision(),
        lastModifiedMs: now,
        activeAtMs: now + deps.updateMs,
        updatedAtMs: now + deps.updateMs,
        versions: [],
        nextVersion: 1,
        aliases: [],
        policies: {},
        eventInvokeConfigs: {},
      });
      return input['Publish'] === true ? published(record, {}) : record;
    },
    updateCode: (home: Home, nameOrArn: string, input: Input): FunctionVersion => {
      const record = get(home, nameOrArn);
      refuseRevision(record, input);
      refuseWhileBusy(record);
      const next = { ...record, code: codeOf(input), architectures: architecturesOf(input) ?? record.architectures };
      if (input['DryRun'] === true) return next;
      const stored = updated(next);
      return input['Publish'] === true ? published(stored, {}) : stored;
    },
    updateSettings: (home: Home, nameOrArn: string, input: Input): FunctionRecord => {
      const record = get(home, nameOrArn);
      refuseRevision(record, input);
      refuseWhileBusy(record);
      const settings = patchedSettings(record.settings, input);
      if (textOf(input, 'Role') !== undefined) refuseRole(settings.Role);
      refuseSettingsWithoutRights(settings, record.arn, iam);
      return updated({ ...record, settings });
    },
    delete: (home: Home, nameOrArn: string): void => {
      const record = get(home, nameOrArn);
      records.delete(record.arn);
      changed(record);
    },
    publish: (home: Home, nameOrArn: string, input: Input): FunctionVersion => {
      const record = get(home, nameOrArn);
      refuseWhileBusy(record);
      return published(record, input);
    },
    /** Told when what runs under an ARN is another version now, or none. */
    retire: deps.changed,
    /** Changes what is neither code nor settings: permissions, tags, concurrency, the queue's limits. */
    amend: (home: Home, nameOrArn: string, change: (record: FunctionRecord) => FunctionRecord): FunctionRecord =>
      put(touched(change(get(home, nameOrArn)))),
    /** Refuses destinations that the function's role may not send to. */
    checkDestinations: ({ settings }: FunctionRecord, config: Input): void =>
      refuseDestinationsWithoutRights(config, settings.Role, iam),
    newRevision,
    /** When a permission written now becomes visible to other services. */
    visibleAtMs: (): number => clock.now() + context.faults.propagationMs('permission'),
  };
}

/** A function, and what of it was asked for. */
export type QualifiedFunction = {
  readonly record: FunctionRecord;
  readonly version: FunctionVersion;
  readonly qualifier?: string;
};

/** An ARN of another place is refused, as each endpoint of Lambda knows its own functions only. */
function refuseElsewhere(home: Home, named: Home, arn: string): void {
  if (named.region !== home.region) {
    throw notFound(`Functions from '${named.region}' are not reachable in this region ('${home.region}')`);
  }
  if (named.account !== home.account) {
    throw new AwsError(403, 'AccessDeniedException', `Account ${home.account} is not authorized to use ${arn}`);
  }
}

function qualifierOf(ofName: string | undefined, given: string | undefined): string | undefined {
  if (ofName !== undefined && given !== undefined && ofName !== given) {
    throw invalidValue('The derived qualifier from the function name does not match the specified qualifier.');
  }
  const qualifier = given ?? ofName;
  if (qualifier !== undefined && !/^(?:\$LATEST|[a-zA-Z0-9-_]{1,128})$/.test(qualifier)) {
    throw invalidValue(
      `1 validation error detected: Value '${qualifier}' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)`,
    );
  }
  return qualifier;
}

function namesVersion({ aliases, versions }: FunctionRecord, qualifier: string | undefined): boolean {
  return (
    qualifier === undefined ||
    qualifier === '$LATEST' ||
    aliases.some(({ name }) => name === qualifier) ||
    versions.some(({ version }) => version === qualifier)
  );
}

function zipOf(code: Input, readObject: FunctionsDeps['readObject']): Buffer {
  const inline = textOf(code, 'ZipFile');
  if (inline !== undefined) {
    const zip = Buffer.from(inline, 'base64');
    if (zip.length > MAX_ZIP_BYTES)
      throw invalidValue(`The zip is larger than ${MAX_ZIP_BYTES} bytes: put it into S3.`);
    return zip;
  }
  const bucket = textOf(code, 'S3Bucket');
  const key = textOf(code, 'S3Key');
  if (bucket === undefined || key === undefined) {
    throw invalidValue('Please provide a source for function code.');
  }
  const object = readObject(bucket, key, textOf(code, 'S3ObjectVersion'));
  if (object === undefined) {
    throw invalidValue(
      `Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.`,
    );
  }
  return Buffer.from(object);
}

function architecturesOf(input: Input): readonly string[] | undefined {
  const value = input['Architectures'];
  if (value === undefined || value === null) return undefined;
  const [only, ...more] = Array.isArray(value) ? value.map(String) : [];
  if (only === undefined || more.length > 0 || !ARCHITECTURES.includes(only)) {
    throw invalidValue(`Architectures must be one of ${ARCHITECTURES.join(', ')}`);
  }
  return [only];
}

function refuseRevision(record: FunctionRecord, input: Input): void {
  const wanted = textOf(input, 'RevisionId');
  if (wanted !== undefined && wanted !== record.revisionId) throw preconditionFailed();
}
