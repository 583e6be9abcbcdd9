import { HELPER_LIBRARY_COMMON_JS, HELPER_LIBRARY_ESM } from './helper-library.generated.ts';

const FOLDER = 'node_modules/ses-lambda-pipeline/';
const NAME = 'ses-lambda-pipeline/lambda';

const PACKAGE = {
  name: 'ses-lambda-pipeline',
  exports: { './lambda': { import: './lambda.mjs', require: './lambda.cjs' } },
};

/** The files that make `import … from 'ses-lambda-pipeline/lambda'`, or `require` of it, work inside a zip. */
export function helperLibraryFiles(): Map<string, Uint8Array> {
  return new Map(
    [
      ['package.json', `${JSON.stringify(PACKAGE, null, 2)}\n`],
      ['lambda.mjs', HELPER_LIBRARY_ESM],
      ['lambda.cjs', HELPER_LIBRARY_COMMON_JS],
    ].map(([name = '', text = '']) => [FOLDER + name, Buffer.from(text)]),
  );
}

/** Whether the code of a Node.js function names the helper library and does not bring its own copy. */
export function wantsHelperLibrary(files: ReadonlyMap<string, Uint8Array>, runtime: string): boolean {
  if (!runtime.startsWith('nodejs')) return false;
  const names = [...files.keys()];
  if (names.some((name) => name.startsWith(FOLDER))) return false;
  return [...files].some(([name, bytes]) => /\.(js|mjs|cjs|ts|mts|cts)$/.test(name) && viewOf(bytes).includes(NAME));
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
