// npm run demo [-- --keep --json]: the whole line on servers of its own.
import { become, setUp, TYPESCRIPT } from './setup.mjs';

const MAIN = 'examples/verification-service/demo/main.ts';

setUp();
await become([...TYPESCRIPT, MAIN, ...process.argv.slice(2)]);
