import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './scripts/vitest/skipped-reporter.ts';

// Packages resolve to their TypeScript sources, so that tests need no build. Bundlers' condition
// `module` is left out: Node runs the tests, and what stands behind it may not load there.
const conditions = ['source', 'node', 'development|production'];
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
    reporters: ['default', 'json', new SkippedReporter()],
    outputFile: { json: `reports/${report}.json` },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', '{scripts,bench}/**/*.test.ts'],
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
