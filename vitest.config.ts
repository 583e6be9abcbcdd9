import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          // The fidelity tests need Python and a package index: npm run test:fidelity. Those of shells need bash, zsh and
          // fish: npm run test:ops.
          exclude: ['test/cluster/**', 'test/fidelity/**', 'test/ops/**', 'node_modules/**'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'cluster', // needs a Kubernetes API server; each file starts one of its own
          include: ['test/cluster/**/*.test.ts'],
          globalSetup: ['test/control-plane/global-setup.ts'],
          fileParallelism: false, // an API server keeps a processor busy while it starts
          testTimeout: 120_000, // tests wait for conditions: on a busy machine these come late
          hookTimeout: 90_000,
          retry: 1, // real processes on a machine that may stall for seconds, which costs a Lease
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
