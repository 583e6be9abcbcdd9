import { AwsError } from './aws-error.ts';
import { elements, textAt, type XmlNode } from './wire/xml.ts';

/** The `Tag` elements below `node`, checked as S3 does: at most 50, keys unique, no reserved prefix. */
export function tagsOf(node: XmlNode | undefined): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const tag of elements(node, 'Tag')) {
    const key = textAt(tag, 'Key') ?? '';
    const value = textAt(tag, 'Value') ?? '';
    if (key === '' || key.length > 128 || !ALLOWED.test(key))
      throw invalidTag('The TagKey you have provided is invalid');
    if (value.length > 256 || !ALLOWED.test(value)) throw invalidTag('The TagValue you have provided is invalid');
    if (key.toLowerCase().startsWith('aws:')) throw invalidTag('System tags cannot be added/updated by requester');
    if (tags.has(key)) throw invalidTag('Cannot provide multiple Tags with the same key');
    tags.set(key, value);
  }
  if (tags.size > 50) throw new AwsError(400, 'BadRequest', 'Bucket tag count cannot be greater than 50');
  return tags;
}

const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

function invalidTag(message: string): AwsError {
  return new AwsError(400, 'InvalidTag', message);
}
