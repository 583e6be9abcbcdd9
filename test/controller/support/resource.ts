import type { Resource } from '../../../src/controller/source.ts';
import { manifest } from '../../core/support/pipeline.ts';

export const KEY = 'mail/app';

/** A pipeline that is claimed and was never looked at. */
export function resource(spec: object = {}, over: Partial<Resource> = {}): Resource {
  const key = over.key ?? KEY;
  const [namespace, name] = key.split('/');
  return {
    key,
    uid: `uid of ${key}`,
    generation: 1,
    createdAtMs: undefined,
    manifest: manifest(spec, { namespace, name }),
    issues: [],
    annotations: {},
    deleting: false,
    claimed: true,
    status: undefined,
    ...over,
  };
}
