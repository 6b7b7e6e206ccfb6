import { RecordGuards } from '../tenancy/record-guards.ts';
import type { WriteGuards } from '../record-rules.ts';

/** The rules about records that hold on every sharded data source. They keep no state. */
export const guardsInUse: WriteGuards = new RecordGuards();
