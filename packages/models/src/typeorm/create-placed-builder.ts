import type { EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import { DriverUtils } from 'typeorm/driver/DriverUtils.js';
import { PlacedSelect } from './placed-builders.ts';
import type { GuardedSource } from './router.ts';

/** What `DataSource.createQueryBuilder` takes: a runner, or an entity with its alias and a runner. */
type Arguments =
  | [runner?: QueryRunner]
  | [entity: EntityTarget<ObjectLiteral>, alias: string, runner?: QueryRunner];

/**
 * Lets a data source class make builders that remember where they were made. Set beside the class
 * and not in it, so that TypeORM's overloads of `createQueryBuilder` stay what callers see.
 */
export function makePlacedBuilders(prototype: GuardedSource): void {
  const value = function (this: GuardedSource, ...args: unknown[]) {
    return createPlacedBuilder(this, args);
  };
  Object.defineProperty(prototype, 'createQueryBuilder', { value, configurable: true });
}

function createPlacedBuilder(
  source: GuardedSource,
  args: readonly unknown[],
): PlacedSelect<ObjectLiteral> {
  const [entityOrRunner, given, runner] = args as Arguments;
  if (!given) return new PlacedSelect(source, entityOrRunner as QueryRunner | undefined);
  const alias = DriverUtils.buildAlias(source.driver, undefined, given);
  const metadata = source.getMetadata(entityOrRunner as EntityTarget<ObjectLiteral>);
  return new PlacedSelect(source, runner).select(alias).from(metadata.target, alias) as never;
}
