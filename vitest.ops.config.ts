import { defineConfig } from 'vitest/config';

/** What needs programs that not every machine has: bash, zsh and fish. A test says which package is missing. */
export default defineConfig({ test: { include: ['test/ops/**/*.test.ts'], testTimeout: 60_000 } });
