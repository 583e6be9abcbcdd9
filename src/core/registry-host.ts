/** What a list of registries may hold, as it follows "must be". */
export const OCI_REGISTRIES_ALLOWED = 'hosts separated by commas, with a port where it is not 443, such as ghcr.io';

/** In lower case, as addresses are compared. */
export const isRegistryHost = (text: string): boolean =>
  /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[::1\])(:[0-9]{1,5})?$/.test(text);
