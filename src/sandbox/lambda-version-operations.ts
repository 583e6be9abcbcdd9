import type { Functions } from './lambda-functions.ts';
import type { Input } from './lambda-settings.ts';
import type { FunctionVersion } from './lambda-types.ts';
import { aliasOf, describeAlias, newAlias, patchedAlias, withAlias, withoutAlias } from './lambda-versions.ts';
import type { RestOperation } from './rest-json-service.ts';
import { homeOf, type Call } from './service.ts';
import { jsonReply, type PathLabels } from './wire/rest-json.ts';

type VersionOperationDeps = {
  readonly functions: Functions;
  readonly described: (version: FunctionVersion) => Readonly<Record<string, unknown>>;
  readonly bodyOf: (call: Call) => Input;
  readonly page: (member: string, all: readonly unknown[], query: URLSearchParams) => Input;
};

const FUNCTION = '/2015-03-31/functions/{FunctionName}';
const ALIAS = `${FUNCTION}/aliases/{Name}`;

/** Versions and aliases of a function. */
export function versionOperations({
  functions,
  described,
  bodyOf,
  page,
}: VersionOperationDeps): readonly RestOperation[] {
  const target = (labels: PathLabels): string => labels['FunctionName'] ?? '';
  const aliasName = (labels: PathLabels): string => labels['Name'] ?? '';

  return [
    {
      method: 'POST',
      path: `${FUNCTION}/versions`,
      name: 'PublishVersion',
      handle: (labels, call) =>
        jsonReply(201, described(functions.publish(homeOf(call), target(labels), bodyOf(call)))),
    },
    {
      method: 'GET',
      path: `${FUNCTION}/versions`,
      name: 'ListVersionsByFunction',
      handle: (labels, call) => {
        const record = functions.get(homeOf(call), target(labels));
        const all = [{ ...record, arn: `${record.arn}:$LATEST` }, ...record.versions];
        return jsonReply(200, page('Versions', all.map(described), call.query));
      },
    },
    {
      method: 'POST',
      path: `${FUNCTION}/aliases`,
      name: 'CreateAlias',
      handle: (labels, call) => {
        const alias = newAlias(functions.get(homeOf(call), target(labels)), bodyOf(call), functions.newRevision());
        const record = functions.amend(homeOf(call), target(labels), (current) => withAlias(current, alias));
        return jsonReply(201, describeAlias(record, alias));
      },
    },
    {
      method: 'GET',
      path: `${FUNCTION}/aliases`,
      name: 'ListAliases',
      handle: (labels, call) => {
        const record = functions.get(homeOf(call), target(labels));
        const version = call.query.get('FunctionVersion');
        const aliases = record.aliases.filter((alias) => version === null || alias.version === version);
        return jsonReply(
          200,
          page(
            'Aliases',
            aliases.map((alias) => describeAlias(record, alias)),
            call.query,
          ),
        );
      },
    },
    {
      method: 'GET',
      path: ALIAS,
      name: 'GetAlias',
      handle: (labels, call) => {
        const record = functions.get(homeOf(call), target(labels));
        return jsonReply(200, describeAlias(record, aliasOf(record, aliasName(labels))));
      },
    },
    {
      method: 'PUT',
      path: ALIAS,
      name: 'UpdateAlias',
      handle: (labels, call) => {
        const record = functions.get(homeOf(call), target(labels));
        const current = aliasOf(record, aliasName(labels));
        const alias = patchedAlias(record, current, bodyOf(call), functions.newRevision());
        functions.amend(homeOf(call), target(labels), (each) => withAlias(each, alias));
        functions.retire(`${record.arn}:${alias.name}`);
        return jsonReply(200, describeAlias(record, alias));
      },
    },
    {
      method: 'DELETE',
      path: ALIAS,
      name: 'DeleteAlias',
      handle: (labels, call) => {
        const { arn } = functions.amend(homeOf(call), target(labels), (each) => withoutAlias(each, aliasName(labels)));
        functions.retire(`${arn}:${aliasName(labels)}`);
        return jsonReply(204, undefined);
      },
    },
  ];
}
