import { parseContent, type ParsedContent } from './keyed-content.ts';

/**
 * The files of a ConfigMap: `data` and `binaryData`.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/configmap/
 */
export function parseConfigMap(document: object): ParsedContent {
  return parseContent(document, { data: 'text', binaryData: 'base64' }, 'refused');
}
