import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

/**
 * Prints each skipped test with its reason, so that nothing is skipped silently. In CI a skip
 * without a reason (`ctx.skip('reason')`) fails the run.
 */
export class SkippedReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // Tests that a name filter left out were not skipped by anyone's decision.
    if (this.#vitest?.config.testNamePattern !== undefined) return;
    const all = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    const skipped = all.filter((test) => !hasBrokenSetUp(test));
    for (const test of skipped) console.log(`skipped: ${test.fullName}: ${reason(test)}`);
    const silent = skipped.filter((test) => noteOf(test) === undefined);
    if (silent.length > 0 && process.env['CI'] !== undefined) process.exitCode = 1;
  }
}

/** Vitest calls tests skipped whose beforeAll failed; the failure is reported as such. */
function hasBrokenSetUp(test: TestCase): boolean {
  let suite = test.parent;
  while (suite.type === 'suite' && suite.errors().length === 0) suite = suite.parent;
  return suite.errors().length > 0;
}

function reason(test: TestCase): string {
  return noteOf(test) ?? "no reason given: use ctx.skip('reason')";
}

function noteOf(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' ? result.note : undefined;
}
