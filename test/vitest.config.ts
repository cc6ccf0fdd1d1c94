import { defineConfig } from 'vitest/config';

const root = new URL('..', import.meta.url).pathname;
const cluster = ['test/**/*.e2e.test.ts', 'test/controlplane/**/*.test.ts'];

export default defineConfig({
  test: {
    root,
    projects: [
      {
        test: {
          name: 'unit',
          root,
          include: ['test/**/*.test.ts'],
          exclude: cluster,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Tests against the real API server: one control plane serves them all.
        test: {
          name: 'cluster',
          root,
          include: cluster,
          // The webhooks that one file registers would judge another's pods.
          fileParallelism: false,
          globalSetup: ['test/controlplane/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
