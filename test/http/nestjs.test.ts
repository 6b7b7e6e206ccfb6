import { startNest } from './applications/nest.ts';
import { describeHttpAdapter } from './conformance.ts';

describeHttpAdapter('Nest on Express', startNest.onExpress);
describeHttpAdapter('Nest on Fastify', startNest.onFastify);
