// What only our own packages need. Versions promise nothing about it.
export { Activity } from './activity.ts';
