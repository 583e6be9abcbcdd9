/** What a Signature Version 4 says about its caller. The signature itself is not verified: there are no secrets here. */
export type Signature = {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly sessionToken: string | undefined;
};

/**
 * Read from the `Authorization` header, or from the query of a presigned URL; undefined when the request is not signed.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
 */
export function readSignature(
  headers: Readonly<Record<string, string>>,
  query: URLSearchParams,
): Signature | undefined {
  const scope =
    /^AWS4-[A-Z0-9-]+\s.*Credential=([^,\s]+)/.exec(headers['authorization'] ?? '')?.[1] ??
    query.get('X-Amz-Credential');
  if (scope === undefined || scope === null) return undefined;
  const parts = scope.split('/');
  const [region, service, end] = parts.slice(-3);
  const accessKeyId = parts.slice(0, -4).join('/');
  if (region === undefined || service === undefined || end !== 'aws4_request' || accessKeyId === '') return undefined;
  const sessionToken = headers['x-amz-security-token'] ?? query.get('X-Amz-Security-Token') ?? undefined;
  return { accessKeyId, region, service, sessionToken };
}

/**
 * Signature Version 2, which S3 refuses for every bucket made since June 2020.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
 */
export function isSignedInTheOldWay(headers: Readonly<Record<string, string>>, query: URLSearchParams): boolean {
  return (headers['authorization'] ?? '').startsWith('AWS ') || (query.has('AWSAccessKeyId') && query.has('Signature'));
}
