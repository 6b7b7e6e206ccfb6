import { currentFrame } from '../storage.ts';

/**
 * pino mixin: adds `shard`, `tenant` and `epoch` to every line that is logged inside a shard context,
 * and `role` where it is not the writer. Child loggers inherit it. Lines outside a context get no
 * fields, so that they never look as if they ran on a default shard.
 *
 * ```ts
 * const logger = pino({ mixin: shardMixin });
 * ```
 */
export function shardMixin(): Record<string, string | number> {
  const frame = currentFrame();
  if (frame?.place === undefined) return {};
  const { shard, tenant, epoch } = frame.place;
  const role: Record<string, string> = frame.role === 'reader' ? { role: frame.role } : {};
  if (tenant === undefined || epoch === undefined) return { shard, ...role };
  return { shard, tenant, epoch, ...role };
}
