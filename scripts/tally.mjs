// Adds up the JSON reports of vitest; its one line is what CI shows.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './setup.mjs';

const { values } = parseArgs({
  options: {
    'failed-steps': { type: 'string', default: '0' },
    'skipped-steps': { type: 'string', default: '0' },
  },
});

const folder = join(root, 'reports');
const reports = readdirSync(folder).filter((file) => file.endsWith('.json'));
const total = { passed: 0, failed: 0, skipped: Number(values['skipped-steps']) };
for (const file of reports) {
  const report = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests + brokenFiles(report);
  total.skipped += report.numPendingTests + report.numTodoTests;
}
// A gate that fails, or a suite that dies before its report, has no test to show for it.
if (total.failed === 0) total.failed = Number(values['failed-steps']);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);

/** Files that failed before their first test ran. */
function brokenFiles({ testResults }) {
  return testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  ).length;
}
