import { defineConfig } from 'vitest/config';

/**
 * What needs programs that not every machine has: bash, zsh and fish; promtool and Prometheus; Chromium; ShellCheck; Go
 * for actionlint, the judges of Argo CD, Flux and Terraform, an OpenTelemetry collector and the CRDs of others; Python
 * for cfn-lint. A test says what is missing.
 */
export default defineConfig({
  test: {
    include: ['test/ops/**/*.test.ts'],
    testTimeout: 180_000,
    fileParallelism: false, // an API server keeps a processor busy
  },
});
