import { defineConfig } from 'vitest/config';

// Packages resolve to their TypeScript sources, so that tests need no build.
const conditions = ['source', 'module', 'node', 'development|production'];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: ['source', 'node', 'module-sync'] } };
const report = process.env['SWITCHYARD_REPORT'] ?? 'vitest';

export default defineConfig({
  resolve,
  ssr,
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', 'json'],
    outputFile: { json: `reports/${report}.json` },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/support/servers/global-setup.ts'],
        },
      },
    ],
  },
});
