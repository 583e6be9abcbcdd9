/** The code of a function: ready for Lambda, or whatever the function has, which somebody else deploys. */
export type FunctionCode = NewCode | { readonly kind: 'existing' };

/** Code ready for Lambda: a zip in memory, or an object or image that Lambda reads itself. */
export type NewCode =
  | {
      readonly kind: 'zip';
      readonly bytes: Uint8Array;
      /** Base64 SHA-256 of the bytes: what Lambda calls `CodeSha256`. */
      readonly sha256: string;
    }
  | { readonly kind: 's3'; readonly bucket: string; readonly key: string; readonly version?: string }
  | { readonly kind: 'image'; readonly uri: string };

/** What a function is made of; Lambda never changes it. */
export type PackageType = 'Zip' | 'Image';
