// What BullMQ imports in its process or thread: a loader for TypeScript first, because a thread does
// not inherit that of its process.
import { register } from 'tsx/esm/api';

register();
const { default: processor } = await import('./sandboxed-processor.ts');
export { processor as default };
