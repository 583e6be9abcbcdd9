import { defineConfig } from 'vitest/config';

/**
 * What needs programs that not every machine has: bash, zsh and fish; promtool and Prometheus. A test says which package
 * is missing.
 */
export default defineConfig({
  test: {
    include: ['test/ops/**/*.test.ts'],
    testTimeout: 60_000,
    fileParallelism: false, // an API server keeps a processor busy
  },
});
