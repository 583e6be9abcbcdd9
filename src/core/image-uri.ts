import type { ManifestSpec } from './manifest.ts';

/**
 * Lambda takes images from its own region alone. The API server cannot say it within its budget.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
 *
 * @returns one sentence with the field's path, or none
 */
export function imageElsewhere({ region, function: { code } }: Pick<ManifestSpec, 'region' | 'function'>): string[] {
  const found = code.imageUri?.split('.')[3];
  if (found === undefined || found === region) return [];
  return [
    `spec.function.code.imageUri: the image is in region ${found}, and Lambda takes only what is in the region of the function, ${region}; replicate the repository there`,
  ];
}

/** A tag is resolved once, by the call that names it. */
export function warnOfTag({ function: { code } }: Pick<ManifestSpec, 'function'>): string[] {
  if (code.imageUri === undefined || code.imageUri.includes('@')) return [];
  return [
    'spec.function.code.imageUri: the image is named by a tag, which Lambda looks up once; name it by digest (@sha256:…), so that what is pushed under the tag later is noticed',
  ];
}

/** Whether a function runs the image: as it was named, or as its tag was resolved. */
export const isImage = (
  wanted: string,
  live: { readonly uri: string; readonly resolvedUri: string } | undefined,
): boolean => live !== undefined && (live.uri === wanted || live.resolvedUri === wanted);
