import type { Readable } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-s3';
import { bucketsOf, type Discovery, objectKeys } from './discovery.ts';
import { MessageBodyError } from './message-body-error.ts';
import type { MessageHead, StoredBody } from './stored-body.ts';

type Place = { readonly Bucket: string; readonly Key: string };

/**
 * The raw message in S3: looked for in every bucket and under every prefix that the discovery lists, the likeliest
 * first. Without s3:ListBucket S3 answers 403 for what is not there, so both count as missing.
 *
 * @param discover asked only when the body is
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function s3Body(messageId: string, discover: () => Discovery, signal: AbortSignal): StoredBody {
  const firstFound = async <Answer>(ask: (place: Place) => Promise<Answer>): Promise<Answer> => {
    const tried: string[] = [];
    let cause: unknown;
    for (const place of placesOf(messageId, discover())) {
      try {
        return await ask(place);
      } catch (error) {
        const status = missingStatus(error);
        if (status === undefined) throw error;
        tried.push(`s3://${place.Bucket}/${place.Key} (${status})`);
        cause = error;
      }
    }
    throw new MessageBodyError('missing', nowhere(messageId, tried), { cause });
  };
  return {
    head: () =>
      firstFound(async (place) => {
        const { client, sdk } = await s3();
        return headOf(place, await client.send(new sdk.HeadObjectCommand(place), { abortSignal: signal }));
      }),
    open: () =>
      firstFound(async (place) => {
        const { client, sdk } = await s3();
        const answer = await client.send(new sdk.GetObjectCommand(place), { abortSignal: signal });
        return { head: headOf(place, answer), stream: answer.Body as Readable };
      }),
  };
}

function placesOf(messageId: string, discovery: Discovery): Place[] {
  return bucketsOf(discovery).flatMap((bucket) =>
    objectKeys(bucket, messageId).map((Key) => ({ Bucket: bucket.Ref, Key })),
  );
}

function headOf(
  { Bucket, Key }: Place,
  found: Pick<Sdk.HeadObjectCommandOutput, 'ContentLength' | 'Metadata'>,
): MessageHead {
  return { bucket: Bucket, key: Key, sizeBytes: found.ContentLength ?? 0, metadata: found.Metadata ?? {} };
}

/** Undefined for an error that has another reason than that nothing is there. */
function missingStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || error.name === 'InvalidObjectState') return undefined; // there, but archived
  const { $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  return [403, 404].find((status) => status === $metadata?.httpStatusCode);
}

function nowhere(messageId: string, tried: readonly string[]): string {
  if (tried.length === 0) return `The body of message ${messageId} is nowhere: the discovery lists no bucket.`;
  const hint = tried.some((place) => place.endsWith('(403)'))
    ? ' 403 also means that the role may not read there: it needs s3:GetObject on ${bucket.arnAllKeys}.'
    : '';
  return `The body of message ${messageId} is not at ${tried.join(', ')}.${hint}`;
}

let loaded: Promise<{ readonly client: Sdk.S3Client; readonly sdk: typeof Sdk }> | undefined;

/** One client for the life of the process, so that its connections and credentials are used again. */
function s3(): NonNullable<typeof loaded> {
  return (loaded ??= import('@aws-sdk/client-s3').then(
    (sdk) => ({ sdk, client: new sdk.S3Client({}) }),
    (cause: unknown) => {
      loaded = undefined;
      throw new Error('@aws-sdk/client-s3 cannot be loaded. Lambda has it; elsewhere: npm install @aws-sdk/client-s3', {
        cause,
      });
    },
  ));
}
