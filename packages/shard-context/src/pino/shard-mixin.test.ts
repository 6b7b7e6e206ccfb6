import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { onRole, ShardContext, Topology } from '../index.ts';
import { shardMixin } from './index.ts';

const lines: Record<string, unknown>[] = [];
const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
const logger = pino({ mixin: shardMixin, base: null, timestamp: false }, { write });
const credentials = () => ({ user: 'u', password: 'p' });
const context = new ShardContext(
  new Topology({
    fleet: 'f',
    regions: ['us'],
    servers: [{ name: 's', region: 'us', engine: 'mysql', writer: { host: 'h' }, credentials }],
    shards: [{ name: 'us1', ordinal: 1, server: 's', database: 'app' }],
  }),
);

describe('the pino mixin', () => {
  it('puts shard, tenant and epoch on every line of a context, child loggers’ too', () => {
    context.onPlacement({ tenant: 't_1', shard: 'us1', epoch: 3 }, () => {
      logger.info('a');
      logger.child({ part: 'b' }).info('b');
    });
    const place = { shard: 'us1', tenant: 't_1', epoch: 3 };
    expect(lines.splice(0)).toEqual([
      { level: 30, ...place, msg: 'a' },
      { level: 30, part: 'b', ...place, msg: 'b' },
    ]);
  });

  it('says the role only where it is not the writer, and the tenant only where there is one', () => {
    context.onShard('us1', () => onRole('reader', () => logger.info('a')));
    expect(lines.splice(0)).toEqual([{ level: 30, shard: 'us1', role: 'reader', msg: 'a' }]);
  });

  it('adds nothing outside every context', () => {
    logger.info('a');
    onRole('reader', () => logger.info('b'));
    expect(lines.splice(0)).toEqual([
      { level: 30, msg: 'a' },
      { level: 30, msg: 'b' },
    ]);
  });
});
