/** A request to the API server as RBAC judges it. */
export type ApiCall = {
  readonly verb: Verb;
  readonly group: string;
  /** With its subresource: `seslambdapipelines/status`. */
  readonly resource: string;
  /** Undefined: the whole cluster. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
};

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/**
 * @returns undefined for what is no resource, such as `/readyz`
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
 */
export function apiCallOf(method: string, url: string): ApiCall | undefined {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const found = /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+\/(?:namespaces\/(?<namespace>[^/]+)\/)?(?<rest>[^/]+.*)$/.exec(
    pathname,
  );
  if (found?.groups === undefined) return undefined;
  const { group = '', namespace, rest = '' } = found.groups;
  const [plural = '', inPath, subresource] = rest.split('/');
  // A list or watch of one object counts as one of that name: resourceNames can grant it.
  const selected = /^metadata\.name=([^,]+)$/.exec(searchParams.get('fieldSelector') ?? '')?.[1];
  const verb = verbOf(method, inPath !== undefined, searchParams.get('watch') === 'true');
  if (verb === undefined) return undefined;
  return {
    verb,
    group,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    namespace,
    name: inPath ?? selected,
  };
}

function verbOf(method: string, named: boolean, watch: boolean): Verb | undefined {
  switch (method) {
    case 'GET':
      return named ? 'get' : watch ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}
