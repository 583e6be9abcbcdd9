import { defineConfig } from 'vitest/config';

/** Tests that need a Kubernetes API server: each file starts one of its own. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/control-plane/global-setup.ts'],
    fileParallelism: false, // an API server keeps a processor busy while it starts
    testTimeout: 120_000, // tests wait for conditions: on a busy machine these come late
    hookTimeout: 90_000,
  },
});
