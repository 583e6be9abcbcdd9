import type { PackageType } from './function-code.ts';
import type { ManifestSpec } from './manifest.ts';
import { functionArn, functionName, type PipelineIdentity } from './names.ts';
import { aliasArn } from './publishing.ts';

/** The function that the manifest names, or the one that we make. */
export const functionNameOf = (spec: ManifestSpec, identity: PipelineIdentity): string =>
  spec.function.name ?? functionName(identity, packageTypeOf(spec));

export const packageTypeOf = ({ function: { code } }: ManifestSpec): PackageType =>
  code.imageUri === undefined ? 'Zip' : 'Image';

/**
 * What our function of the other package type is called, which may be there while this one takes its place.
 *
 * @returns undefined for a function under a name of its own: there is no other
 */
export const otherFunctionNameOf = (spec: ManifestSpec, identity: PipelineIdentity): string | undefined =>
  spec.function.name === undefined
    ? functionName(identity, packageTypeOf(spec) === 'Zip' ? 'Image' : 'Zip')
    : undefined;

/** What the rules invoke: the function, or its alias. */
export function invokedArn(spec: ManifestSpec, identity: PipelineIdentity): string {
  const arn = functionArn(identity, functionNameOf(spec, identity));
  return spec.function.publish ? aliasArn(arn) : arn;
}
