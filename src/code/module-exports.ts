/**
 * Whether a JavaScript module lacks an export. That it has one is known only when it runs; that it has none is sure
 * when nothing in its text could be it. What might be one (in a comment, behind a star, by a helper of a bundler) is
 * taken for one.
 */
export function lacksExport(file: string, text: string, name: string): boolean {
  const asModule = file.endsWith('.cjs') || lacksDeclaration(text, name);
  const asCommonJs = file.endsWith('.mjs') || lacksAssignment(text, name);
  return asModule && asCommonJs;
}

/** Where a statement can begin. In the middle of a line the word is one of a comment or a text. */
const EXPORT = /(?:^|[;}\n]|\*\/)\s*export(?=[\s{*/])/;

function lacksDeclaration(text: string, name: string): boolean {
  const [, ...statements] = text.split(EXPORT);
  return statements.every((statement) => !couldDeclare(statement, name));
}

/** @param statement what follows `export`, up to the next one */
function couldDeclare(statement: string, name: string): boolean {
  if (/^\s*(?:\/\*[\s\S]*?\*\/\s*)*\*/.test(statement)) return true; // everything of another module
  if (/^\s*default\b/.test(statement)) return name === 'default';
  const [list] = /^\s*\{[^}]*\}/.exec(statement) ?? [];
  if (list !== undefined) return wordOf(name).test(list) || list.includes(ESCAPE);
  if (statement.split(/[=;({]/, 1)[0]?.includes(ESCAPE) === true) return true;
  const [, single] =
    /^\s+(?:async\s+)?(?:function\s*\*?|class|const|let|var)\s*([\w$]+)\s*(?:[=({;]|extends\b)/.exec(statement) ?? [];
  if (single === name) return true;
  // Another single name: this one could only follow it, as in `export const a = 1, b = 2`.
  const pattern = single === undefined ? wordOf(name) : new RegExp(`,\\s*${wordOf(name).source}`);
  return pattern.test(statement);
}

/** A name may be written `h\u0061ndler`. */
const ESCAPE = String.raw`\u`;

const OPAQUE = [
  /__exportStar|\.\.\.|\bthis\b/,
  /\b(?:Object|Reflect)\s*\./,
  /\bexports\s*\.\s*[\w$]*\\u/,
  /\bexports\s*\[|\bmodule\s*\[/,
  /\bmodule\s*\.\s*exports\s*=(?!\s*\{)/,
];

/** CommonJS: the name stands nowhere, and the exports get no value that is not written out. */
function lacksAssignment(text: string, name: string): boolean {
  return !wordOf(name).test(text) && OPAQUE.every((pattern) => !pattern.test(text));
}

const wordOf = (name: string): RegExp => new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`);
