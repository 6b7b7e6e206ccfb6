import {
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';
import { TypeormInstrumentation } from '@opentelemetry/instrumentation-typeorm';

// Loaded before a service (`--import`): its spans are printed, a name on each line of stderr.

const print = {
  export: (spans: ReadableSpan[], done: (result: { code: number }) => void) => {
    for (const { name } of spans) process.stderr.write(`span ${name}\n`);
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};
const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(print)] });
const instrumentation = new TypeormInstrumentation();
instrumentation.setTracerProvider(tracerProvider);
