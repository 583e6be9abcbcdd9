import { conflict, functionNotFound, invalidValue, notFound, preconditionFailed } from './lambda-error.ts';
import { objectOf, textOf, type Input } from './lambda-settings.ts';
import type { Alias, FunctionRecord, FunctionVersion } from './lambda-types.ts';
import { notImplemented } from './aws-error.ts';

/** Published versions and aliases of one function. https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html */

const LATEST = '$LATEST';

/** Which policy and which asynchronous settings a qualifier has: `$LATEST` and none share theirs. */
export const qualifierKey = (qualifier: string | undefined): string => qualifier ?? LATEST;

/** What a qualifier leads to, under the ARN it was asked for by. */
export function versionOf(record: FunctionRecord, qualifier: string | undefined): FunctionVersion {
  if (qualifier === undefined) return record;
  const arn = `${record.arn}:${qualifier}`;
  const version = record.aliases.find(({ name }) => name === qualifier)?.version ?? qualifier;
  const found = version === LATEST ? record : record.versions.find((each) => each.version === version);
  if (found === undefined) throw functionNotFound(arn);
  return { ...found, arn };
}

/**
 * A record with one more version, and that version. What has not changed since the last one is not published again.
 */
export function withPublished(
  record: FunctionRecord,
  input: Input,
  newRevision: () => string,
): { readonly record: FunctionRecord; readonly version: FunctionVersion } {
  const wantedSha = textOf(input, 'CodeSha256');
  if (wantedSha !== undefined && wantedSha !== record.code.sha256) {
    throw invalidValue(
      `CodeSHA256 (${wantedSha}) is different from current CodeSHA256 in $LATEST (${record.code.sha256}). Please try again with the CodeSHA256 in $LATEST.`,
    );
  }
  const wantedRevision = textOf(input, 'RevisionId');
  if (wantedRevision !== undefined && wantedRevision !== record.revisionId) throw preconditionFailed();
  const last = record.versions.at(-1);
  if (last !== undefined && sameContent(last, record)) return { record, version: last };

  const number = String(record.nextVersion);
  const {
    tags: _tags,
    versions: _versions,
    nextVersion: _next,
    aliases: _aliases,
    policies: _policies,
    ...rest
  } = record;
  const { eventInvokeConfigs: _configs, reservedConcurrency: _reserved, ...latest } = rest;
  const Description = textOf(input, 'Description') ?? record.settings.Description;
  const version: FunctionVersion = {
    ...latest,
    version: number,
    arn: `${record.arn}:${number}`,
    settings: { ...record.settings, Description },
    revisionId: newRevision(),
  };
  return {
    record: { ...record, versions: [...record.versions, version], nextVersion: record.nextVersion + 1 },
    version,
  };
}

/** A record without that version, its policy and its settings. */
export function withoutVersion(record: FunctionRecord, qualifier: string): FunctionRecord {
  if (qualifier === LATEST) {
    throw invalidValue('$LATEST version cannot be deleted without deleting the function.');
  }
  if (!/^\d+$/.test(qualifier)) throw invalidValue('Deletion of aliases is not currently supported.');
  const users = record.aliases.filter(({ version }) => version === qualifier).map(({ name }) => name);
  if (users.length > 0) {
    throw conflict(`Unable to delete version because the following aliases reference it: [${users.join(', ')}]`);
  }
  return {
    ...record,
    versions: record.versions.filter(({ version }) => version !== qualifier),
    policies: without(record.policies, qualifier),
    eventInvokeConfigs: without(record.eventInvokeConfigs, qualifier),
  };
}

export function aliasOf(record: FunctionRecord, name: string): Alias {
  const alias = record.aliases.find((each) => each.name === name);
  if (alias === undefined) throw notFound(`Cannot find alias arn: ${record.arn}:${name}`);
  return alias;
}

export function newAlias(record: FunctionRecord, input: Input, revisionId: string): Alias {
  const name = textOf(input, 'Name') ?? '';
  if (!/^(?!\d+$)[a-zA-Z0-9-_]{1,128}$/.test(name)) {
    throw invalidValue(
      `1 validation error detected: Value '${name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)`,
    );
  }
  if (record.aliases.some((alias) => alias.name === name))
    throw conflict(`Alias already exists: ${record.arn}:${name}`);
  return patchedAlias(record, { name, version: '', description: '', revisionId }, input, revisionId);
}

/** What is not in the input stays as it is. */
export function patchedAlias(record: FunctionRecord, alias: Alias, input: Input, revisionId: string): Alias {
  const weights = Object.keys(objectOf(objectOf(input, 'RoutingConfig') ?? {}, 'AdditionalVersionWeights') ?? {});
  if (weights.length > 0) throw notImplemented('lambda aliases with weights in their RoutingConfig');
  const wanted = textOf(input, 'RevisionId');
  if (wanted !== undefined && wanted !== alias.revisionId) throw preconditionFailed();
  const version = textOf(input, 'FunctionVersion') ?? alias.version;
  if (version !== LATEST && !record.versions.some((each) => each.version === version)) {
    throw functionNotFound(`${record.arn}:${version}`);
  }
  return { ...alias, version, description: textOf(input, 'Description') ?? alias.description, revisionId };
}

/** A record in which this alias is as given; it keeps its place among the others. */
export function withAlias(record: FunctionRecord, alias: Alias): FunctionRecord {
  const isNew = record.aliases.every(({ name }) => name !== alias.name);
  const aliases = isNew
    ? [...record.aliases, alias]
    : record.aliases.map((each) => (each.name === alias.name ? alias : each));
  return { ...record, aliases };
}

/** An alias that is not there counts as deleted. */
export function withoutAlias(record: FunctionRecord, name: string): FunctionRecord {
  return {
    ...record,
    aliases: record.aliases.filter((alias) => alias.name !== name),
    policies: without(record.policies, name),
    eventInvokeConfigs: without(record.eventInvokeConfigs, name),
  };
}

export function describeAlias({ arn }: FunctionRecord, { name, version, description, revisionId }: Alias): Input {
  return {
    AliasArn: `${arn}:${name}`,
    Name: name,
    FunctionVersion: version,
    Description: description,
    RevisionId: revisionId,
  };
}

function sameContent(version: FunctionVersion, record: FunctionRecord): boolean {
  const comparable = ({ code, settings, architectures }: FunctionVersion): string =>
    JSON.stringify([code.sha256, { ...settings, Description: '' }, architectures]);
  return comparable(version) === comparable(record);
}

/** The map without one of its keys. */
export function without<Value>(map: Readonly<Record<string, Value>>, gone: string): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => key !== gone));
}
