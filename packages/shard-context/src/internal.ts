// What only our own packages need. Versions promise nothing about it.
export { Activity } from './activity.ts';
export { Recent } from './recent.ts';
export { isThenable, whenSettled } from './settled.ts';
