import { parseContent, type ParsedContent } from './keyed-content.ts';

/**
 * The entries of a Secret: `data`, and `stringData`, which wins and which only files have.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/secret/
 */
export function parseSecret(document: object): ParsedContent {
  return parseContent(document, { data: 'base64', stringData: 'text' }, 'replaced');
}
