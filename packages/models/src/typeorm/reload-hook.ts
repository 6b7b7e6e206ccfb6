import { currentFrame } from '@switchyard/shard-context';
import { BaseEntity, type DataSource } from 'typeorm';
import type { GuardedSource } from './router.ts';

let installed = false;

/**
 * Lets the guards see `reload()`. It fills a record with the row of its id in the context's shard,
 * which on another shard is someone else's, and the next save would write that home. TypeORM calls
 * an ordinary find for it, so its method is extended, once by each copy of this package; records of
 * other data sources pass untouched.
 */
export function installReloadHook(): void {
  if (installed) return;
  installed = true;
  const { reload } = BaseEntity.prototype;
  BaseEntity.prototype.reload = async function (this: BaseEntity): Promise<void> {
    const { metadata, manager } = (this.constructor as typeof BaseEntity).getRepository();
    const { guards } = manager.dataSource as DataSource & Partial<Pick<GuardedSource, 'guards'>>;
    const place = currentFrame()?.place;
    if (place !== undefined) guards?.beforeReload(this, metadata, place);
    return reload.call(this);
  };
}
