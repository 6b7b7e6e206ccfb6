import { currentFrame } from '../storage.ts';

/**
 * pino mixin: every line logged inside a shard context says where it ran (`shard`, `tenant`,
 * `epoch`) and, where it is not the writer, with which `role`. Child loggers inherit it. Lines
 * outside a context get nothing, so that they never look as if they ran on some default.
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
