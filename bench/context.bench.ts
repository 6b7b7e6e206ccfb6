import { AsyncLocalStorage } from 'node:async_hooks';
import { bindShard, defineTopology, onRole, ShardContext } from '@switchyard/shard-context';
import { micro } from './micro.ts';
import { report } from './report.ts';

// What entering a context costs beside Node's own als.run with a ready-made store. A query takes
// 50 to 150 µs, a request a millisecond: what counts here is the tenth of a microsecond.

const topology = defineTopology({
  fleet: 'bench',
  regions: ['us'],
  servers: [
    {
      name: 's',
      region: 'us',
      engine: 'mysql',
      writer: { host: 'localhost' },
      credentials: () => ({ user: 'u', password: 'p' }),
    },
  ],
  shards: [{ name: 'us1', ordinal: 1, server: 's', database: 'app' }],
});
const context = new ShardContext(topology);
const placement = { tenant: 't_1', shard: 'us1', epoch: 1 };
const storage = new AsyncLocalStorage<object>();
const store = Object.freeze({ shard: 'us1' });
const work = () => 1;
const peer = () => storage.run(store, work);

report(micro('context', { row: 'entry', ours: () => context.onPlacement(placement, work), peer }));

context.onPlacement(placement, () => {
  const again = () => context.onPlacement(placement, work);
  report(micro('context', { row: 're-entry', ours: again, peer }));
  report(micro('context', { row: 'role', ours: () => onRole('reader', work), peer }));
  report(micro('context', { row: 'bindShard, called', ours: bindShard(work), peer }));
});
