/** One trailing slash, or nothing: then the key of a body is prefix + message id. */
export const normalisePrefix = (prefix: string): string => (prefix === '' ? '' : `${prefix.replace(/\/+$/, '')}/`);
