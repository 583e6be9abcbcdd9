import type { FunctionInputs } from './function-inputs.ts';
import type { Manifest } from './manifest.ts';
import type { PipelineIdentity } from './names.ts';

/** A pipeline as it was asked for: the manifest, who it is on AWS, and at hand what its function needs. */
export type Pipeline = FunctionInputs & {
  readonly manifest: Manifest;
  readonly identity: PipelineIdentity;
  /** What is forced on the role that it makes. */
  readonly roleLimits?: RoleLimits;
  /** Milliseconds since 1970; left out where nobody knows, as for files. */
  readonly createdAtMs?: number;
};

export type RoleLimits = Readonly<{ permissionsBoundaryArn?: string | undefined; rolePath?: string | undefined }>;
