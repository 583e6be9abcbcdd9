import { defineConfig } from 'vitest/config';

/** The sandbox beside other people's software: moto, the AWS CLI, boto3, the SDKs for JavaScript and Go. */
export default defineConfig({
  test: {
    include: ['test/fidelity/**/*.test.ts'],
    globalSetup: ['test/fidelity/local-python.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
