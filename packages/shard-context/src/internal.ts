// What only our own packages need. Versions promise nothing about it.
export { Activity } from './activity.ts';
export { causesOf, printName } from './errors.ts';
export { declaredShard } from './declared-shard.ts';
