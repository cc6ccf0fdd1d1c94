import { defineConfig } from 'vitest/config';

const root = new URL('..', import.meta.url).pathname;
const cluster = ['test/**/*.e2e.test.ts', 'test/controlplane/**/*.test.ts'];
const simulation = ['test/simulation/**/*.test.ts'];

export default defineConfig({
  test: {
    root,
    // `npm run coverage`: of what the unit tests run in their own process, not of the programs that they start.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 80, branches: 80 },
    },
    projects: [
      {
        test: {
          name: 'unit',
          root,
          include: ['test/**/*.test.ts'],
          exclude: [...cluster, ...simulation],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Hundreds of seeds of the ledger on virtual time: minutes of all cores.
        test: { name: 'simulation', root, include: simulation, testTimeout: 60_000 },
      },
      {
        // Tests against a real API server. One control plane serves them all.
        test: {
          name: 'cluster',
          root,
          include: cluster,
          // Otherwise the webhooks that one file registers would judge the pods of another.
          fileParallelism: false,
          globalSetup: ['test/controlplane/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
