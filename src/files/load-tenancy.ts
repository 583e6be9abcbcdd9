import { parseTenancy, type ParsedTenancy, type Tenancy } from '../core/tenancy.ts';
import { pathText } from './file-problem.ts';
import { parseDocuments } from './parse-documents.ts';
import { readSources } from './read-sources.ts';

export type LoadedTenancy =
  | { readonly ok: true; readonly tenancy: Tenancy }
  /** A sentence each, which begins with where in the file it is. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the tenants file; all that is wrong with it is named at once. */
export async function loadTenancy(file: string): Promise<LoadedTenancy> {
  if (file === '-') return { ok: false, problems: ['is read from a file only; name it'] };
  const { texts, problems } = await readSources([file], () => Promise.resolve(''));
  const [found] = texts;
  if (found === undefined) return { ok: false, problems: problems.map(({ message }) => message) };
  if (found.file !== file) return { ok: false, problems: ['is a folder; name the file'] };
  const documents = parseDocuments(found.text);
  const [document] = documents;
  if (document === undefined || documents.length > 1)
    return { ok: false, problems: [`must be one document with content, not ${documents.length}`] };
  if (!document.ok) return { ok: false, problems: [problemAt(document.path, document.message)] };
  return explained(parseTenancy(document.value));
}

function explained(parsed: ParsedTenancy): LoadedTenancy {
  if (parsed.ok) return parsed;
  return { ok: false, problems: parsed.issues.map(({ path, message }) => problemAt(path, message)) };
}

const problemAt = (path: readonly (string | number)[], message: string): string =>
  path.length === 0 ? message : `${pathText(path)}: ${message}`;
