import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { REGION } from './running-sandbox.ts';

/** Calls CloudWatch Logs without a client, and gives back what it answers, refused or not. */
export function logsApi({ url }: Pick<Sandbox, 'url'>) {
  return async (operation: string, input: object = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `Logs_20140328.${operation}`,
        authorization: `AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/${REGION}/logs/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify(input),
    });
    const text = await response.text();
    return text === '' ? {} : JSON.parse(text);
  };
}
