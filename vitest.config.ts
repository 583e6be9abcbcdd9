import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These need a Kubernetes API server: npm run test:cluster.
    exclude: ['test/cluster/**', 'node_modules/**'],
    testTimeout: 30_000,
  },
});
