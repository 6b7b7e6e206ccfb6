import { refusePinnedIn } from '../declarations/refuse-pinned.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The methods by which a builder learns of an entity, and where that stands in their arguments. */
const TAKES_ENTITY = { createFromAlias: 0, join: 1 } as const;

/**
 * Lets a class of builders refuse pinned entities, which are in another database, before TypeORM
 * looks at what it was given. Set beside the classes, because every kind of builder needs it.
 */
export function refusePinnedTargets(prototype: object): void {
  for (const [name, position] of Object.entries(TAKES_ENTITY)) {
    const stock = (prototype as Record<string, Method | undefined>)[name];
    if (stock === undefined) continue; // only a select joins
    const value = function (this: unknown, ...args: unknown[]): unknown {
      refusePinnedIn(this as Parameters<typeof refusePinnedIn>[0], args[position]);
      return stock.apply(this, args);
    };
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}
