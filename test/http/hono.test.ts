import { startHono } from './applications/hono.ts';
import { describeHttpAdapter } from './conformance.ts';

describeHttpAdapter('Hono', startHono);
