import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These need a Kubernetes API server (npm run test:cluster) or Python (npm run test:fidelity).
    exclude: ['test/cluster/**', 'test/fidelity/**', 'node_modules/**'],
    testTimeout: 30_000,
  },
});
