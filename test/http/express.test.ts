import { startExpress } from './applications/express.ts';
import { describeHttpAdapter } from './conformance.ts';

describeHttpAdapter('Express, before the body parser,', startExpress.beforeParser);
describeHttpAdapter('Express, after the body parser,', startExpress.afterParser);
