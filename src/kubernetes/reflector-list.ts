import type { KubernetesApi } from './api.ts';
import { KubernetesError } from './api-error.ts';
import type { ApiObject, ApiResource } from './api-object.ts';

export type ListScope = {
  readonly resource: ApiResource;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly metadataOnly?: boolean;
};

export type Listed<T> = { readonly items: readonly T[]; readonly resourceVersion: string };

const PAGE_SIZE = 500;

/**
 * Everything of a kind, as of one moment. A list that takes longer than the server keeps its versions (5 minutes) is
 * begun again, and the second time asked for in one page, which cannot expire.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export async function listAll<T extends ApiObject>(
  api: Pick<KubernetesApi, 'list'>,
  { resource, ...selection }: ListScope,
  signal: AbortSignal,
): Promise<Listed<T>> {
  const pages = async (limit: number | undefined): Promise<Listed<T> | 'expired'> => {
    const items: T[] = [];
    let continueToken: string | undefined;
    for (;;) {
      const asked = {
        ...selection,
        signal,
        ...(limit !== undefined && { limit }),
        ...(continueToken !== undefined && { continueToken }),
      };
      const page = await api.list<T>(resource, asked).catch((error: unknown) => {
        if (continueToken !== undefined && error instanceof KubernetesError && error.status === 410)
          return 'expired' as const;
        throw error;
      });
      signal.throwIfAborted();
      if (page === 'expired') return page;
      items.push(...page.items);
      if (page.continueToken === undefined) return { items, resourceVersion: page.resourceVersion };
      continueToken = page.continueToken;
    }
  };

  for (const limit of [PAGE_SIZE, PAGE_SIZE, undefined]) {
    const listed = await pages(limit);
    if (listed !== 'expired') return listed;
  }
  throw new Error('A list in one page cannot expire'); // it has no continue token
}
