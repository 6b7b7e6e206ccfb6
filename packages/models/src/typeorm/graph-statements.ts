import type { EntityManager, ObjectLiteral, QueryBuilder } from 'typeorm';
import type { ShardQueryRunner } from '../runner/shard-query-runner.ts';

/** Builders of the statements that TypeORM sends for a graph; guards have seen its members. */
const ofGraph = new WeakSet<object>();

/**
 * True for a statement of a graph. The builder says so and not its runner: other code of the same
 * transaction writes by the same runner while a graph is being written, and is not part of it.
 */
export function isOfGraph(builder: QueryBuilder<ObjectLiteral>): boolean {
  return ofGraph.has(builder);
}

/** A builder that turns into another kind stays part of its graph. */
export function keepInGraph(from: object, to: unknown): void {
  if (ofGraph.has(from)) ofGraph.add(to as object);
}

/**
 * The runner as one graph sees it: the same, but the builders of its manager are the graph's. They
 * run on the runner itself, so that nothing else is ever marked.
 */
export function runnerOfGraph(runner: ShardQueryRunner): ShardQueryRunner {
  const { manager } = runner;
  const own: EntityManager = new Proxy(manager, {
    get(target, name) {
      if (name !== 'createQueryBuilder') return Reflect.get(target, name, target) as unknown;
      return (...args: Parameters<EntityManager['createQueryBuilder']>) => {
        const builder = target.createQueryBuilder(...args);
        ofGraph.add(builder);
        return builder;
      };
    },
  });
  return new Proxy(runner, {
    get(target, name) {
      if (name === 'manager') return own;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
