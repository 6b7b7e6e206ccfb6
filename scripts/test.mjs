// npm test [-- <filter> ...]: the unit tests and the tests on real servers.
import { become, program, setUp } from './setup.mjs';

setUp();
await become([program('vitest/vitest.mjs'), 'run', ...process.argv.slice(2)]);
