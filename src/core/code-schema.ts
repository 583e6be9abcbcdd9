import { z } from 'zod';
import { cel } from './cel.ts';
import { atMost, exactlyOneOf, objectName } from './schema-parts.ts';

const INLINE_FILES = atMost(50);

/** Where Lambda takes images from: a private repository of ECR. The region is compared with the pipeline's in the plan. */
const IMAGE_URI =
  /^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[a-f0-9]{64})$/;

/** @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
const OCI_REPOSITORY =
  /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?\/[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

const ociRef = z
  .strictObject({
    repository: z
      .string()
      .max(512)
      .regex(OCI_REPOSITORY, 'must be a registry and a repository in it, such as ghcr.io/acme/handler')
      .describe(
        'Registry and repository, such as ghcr.io/acme/handler. The setting oci-registries must list the registry.',
      ),
    digest: z
      .string()
      .max(71)
      .regex(/^sha256:[a-f0-9]{64}$/, 'must be the digest of a manifest: sha256: and 64 hexadecimal digits')
      .describe('Digest of the manifest: what is pulled never changes by itself.'),
    pullSecret: z
      .strictObject({ name: objectName('Secret', '; it holds .dockerconfigjson') })
      .optional()
      .describe('Who pulls: a Secret of type kubernetes.io/dockerconfigjson. Without it: anybody.'),
  })
  .describe('An artifact in a registry, as Flux and ORAS push them: archives (tar+gzip) and files with a title.');

const SOURCES = ['inline', 'configMapRef', 's3', 'imageUri', 'ociRef', 'path', 'existing'] as const;
const ONE_SOURCE = exactlyOneOf(...SOURCES);
/** A cluster has no files beside its manifests. */
const ONE_SOURCE_IN_A_CLUSTER = exactlyOneOf(...SOURCES.filter((source) => source !== 'path'));

/** `spec.function.code`. */
export const code = z
  .strictObject({
    inline: z
      .record(z.string().min(1).max(253), z.string().max(524_288))
      .refine(INLINE_FILES.check, INLINE_FILES.message)
      .optional()
      .meta({
        description: 'The files, here in the manifest: name to text.',
        maxProperties: INLINE_FILES.most,
        ...cel({
          rule: 'self.all(name, name.size() >= 1 && name.size() <= 253)',
          message: 'a file name has 1 to 253 characters',
        }),
      }),
    configMapRef: z
      .strictObject({
        name: objectName('ConfigMap', '; its keys are file names'),
      })
      .optional()
      .describe('A ConfigMap of the same namespace: each key is a file.'),
    s3: z
      .strictObject({
        bucket: z.string().min(3).max(63).describe('Name of the bucket.'),
        key: z.string().min(1).max(1024).describe('Key of the zip in the bucket.'),
        version: z
          .string()
          .min(1)
          .max(1024)
          .optional()
          .describe('Object version. Without it a new object is not noticed.'),
      })
      .optional()
      .describe('A zip in a bucket of the same region.'),
    imageUri: z
      .string()
      .max(512)
      .regex(
        IMAGE_URI,
        'must be an image in ECR with a tag or a digest, such as 123456789012.dkr.ecr.us-west-2.amazonaws.com/handler@sha256:…',
      )
      .optional()
      .describe(
        'A container image in ECR of the same region. Name it by digest: a tag that is pushed again goes unnoticed.',
      ),
    ociRef: ociRef.optional(),
    path: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .meta({ description: 'File, folder or zip beside the manifest.', filesOnly: true }),
    existing: z
      .literal(true)
      .optional()
      .describe('Keep the code that the function of function.name has: somebody else deploys it.'),
  })
  .refine(ONE_SOURCE.check, ONE_SOURCE.message)
  .meta({
    description: 'Where the code comes from: exactly one source.',
    ...cel(ONE_SOURCE_IN_A_CLUSTER),
  });
