import { customResourceDefinition } from '../core/crd.ts';
import type { CliIo, ExitCode } from './io.ts';
import { print } from './print.ts';

/** Prints the CustomResourceDefinition. */
export function crdCommand(_options: object, io: CliIo): Promise<ExitCode> {
  print(io, 'yaml', customResourceDefinition(), () => []);
  return Promise.resolve(0);
}
