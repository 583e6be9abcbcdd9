import type { FunctionConfiguration } from '../../../src/core/function-configuration.ts';

/** A configuration with Lambda's defaults. */
export function functionConfiguration(over: Partial<FunctionConfiguration> = {}): FunctionConfiguration {
  return {
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    memorySize: 128,
    timeout: 10,
    description: '',
    roleArn: 'arn:aws:iam::123456789012:role/r',
    environment: {},
    kmsKeyArn: undefined,
    layers: [],
    vpc: undefined,
    deadLetterArn: undefined,
    tracing: 'PassThrough',
    ephemeralStorage: 512,
    imageConfig: undefined,
    logging: { format: 'Text', applicationLevel: undefined, systemLevel: undefined, group: undefined },
    ...over,
  };
}
