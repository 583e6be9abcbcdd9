import { API_GROUP } from './manifest.ts';

/** Look at AWS now. Any text that was not there before; the status says which one was followed last. */
export const RECONCILE_REQUESTED_AT = `${API_GROUP}/reconcile-requested-at`;
