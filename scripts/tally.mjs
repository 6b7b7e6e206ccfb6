// Adds up the JSON reports of vitest in a folder; its one line is what CI shows.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    reports: { type: 'string', default: 'reports' },
    'failed-steps': { type: 'string', default: '0' },
    'skipped-steps': { type: 'string', default: '0' },
  },
});

const total = { passed: 0, failed: 0, skipped: Number(values['skipped-steps']) };
for (const name of readdirSync(values.reports).filter((file) => file.endsWith('.json'))) {
  const { testResults } = JSON.parse(readFileSync(join(values.reports, name), 'utf8'));
  for (const file of testResults) addFile(file);
}
// A gate that fails, or a suite that dies before its report, has no test to show for it.
if (total.failed === 0) total.failed = Number(values['failed-steps']);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);

function addFile({ status, assertionResults }) {
  const count = (...states) => assertionResults.filter((t) => states.includes(t.status)).length;
  const failed = count('failed');
  const left = count('pending', 'skipped', 'todo', 'disabled');
  // A set-up that breaks fails its file, but vitest calls the tests behind it skipped.
  const isBroken = status === 'failed' && failed === 0;
  total.passed += count('passed');
  total.failed += isBroken ? Math.max(1, left) : failed;
  total.skipped += isBroken ? 0 : left;
}
