import { AwsError } from './aws-error.ts';
import type { AwsErrorShape, Call, Reply } from './service.ts';
import { parseXml, xmlDocument, type XmlNode, type XmlValue } from './wire/xml.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A document of S3's namespace; arrays repeat their element. */
export function xmlReply(root: string, members: Readonly<Record<string, XmlValue>>): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: xmlDocument(root, NAMESPACE, members, 'flattened'),
  };
}

export function emptyReply(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers, body: '' };
}

/** S3's error document: no namespace, no envelope. A HEAD request gets the status alone. */
export function errorReply(call: Pick<Call, 'requestId' | 'path'>, error: AwsErrorShape): Reply {
  const { region, ...members } = error.members ?? {};
  return {
    status: error.status,
    headers: {
      'content-type': 'application/xml',
      ...(region === undefined ? {} : { 'x-amz-bucket-region': region }),
    },
    body: xmlDocument(
      'Error',
      '',
      { Code: error.code, Message: error.message, Resource: call.path, ...members, RequestId: call.requestId },
      'flattened',
    ),
  };
}

/** The body as XML with that root. */
export function xmlBody(call: Call, root: string): XmlNode {
  const node = parseXml(call.body.toString('utf8'), root);
  if (node === undefined) throw malformedXml(`a ${root} document is expected`);
  return node;
}

export function malformedXml(why: string): AwsError {
  const message = `The XML you provided was not well-formed or did not validate against our published schema (${why})`;
  return new AwsError(400, 'MalformedXML', message);
}
