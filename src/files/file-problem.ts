/** One thing that is wrong in what was given with `-f`. */
export type FileProblem = {
  /** As given by the user, or found in a folder that was given; `-` is standard input. */
  readonly file: string;
  /** Counted from 1; documents without content are not counted. */
  readonly document?: number;
  /** Where in the document, such as `spec.receiptRules[1].name`. */
  readonly path?: string;
  /** One sentence: what is wrong and, where it is not plain, what to do. */
  readonly message: string;
};

/** Where a document came from. */
export type Origin = { readonly file: string; readonly document: number };

/** Keys and indexes from the root of a document. */
export type Path = readonly (string | number)[];

/** Keys and indexes as a person writes them: `spec.receiptRules[1].name`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** `file, document 2`: how messages name where something stands. */
export function originText({ file, document }: Origin): string {
  return `${file}, document ${document}`;
}
