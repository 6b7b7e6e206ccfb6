import { QueryBuilder, Repository } from 'typeorm';

/** One call of a migration's code to TypeORM that has not been waited for yet. */
interface StartedCall {
  readonly what: string;
  isOver: boolean;
  failed: boolean;
}

/** Calls of these names need no waiting: they end something that the recorder does not have. */
const NEED_NO_WAITING = new Set(['constructor', 'release', 'connect']);

/**
 * Which calls a migration started without waiting for them. What nothing waits for may be answered
 * after the migration's end, and its failure is lost.
 */
export class StartedCalls {
  readonly #unheard = new Set<StartedCall>();
  readonly #watched = new WeakSet<object>();

  /** The calls that were not awaited, in their order. */
  get notAwaited(): string[] {
    return [...this.#unheard].map(({ what }) => what);
  }

  /** True while a call that nothing waits for goes on. */
  get areOpen(): boolean {
    return [...this.#unheard].some(({ isOver }) => !isOver);
  }

  /** True where a call that nothing waits for failed. */
  get lostFailure(): boolean {
    return [...this.#unheard].some(({ failed }) => failed);
  }

  /** The same promise, of which it is known whether someone waits for it. */
  watch<T>(what: string, promise: Promise<T>): Promise<T> {
    const call: StartedCall = { what, isOver: false, failed: false };
    this.#unheard.add(call);
    const over = (failed: boolean) => () => void Object.assign(call, { isOver: true, failed });
    promise.then(over(false), over(true));
    const watched = new WatchedPromise<T>((resolve, reject) => void promise.then(resolve, reject));
    // Nothing else would handle the failure of a call that is not awaited: the process would end.
    void Promise.prototype.then.call(watched, undefined, () => undefined);
    watched.heard = () => void this.#unheard.delete(call);
    return watched;
  }

  /**
   * Watches every method of `object` that answers with a promise, and the query builders and
   * repositories that it answers with.
   */
  watchMethods(object: object): void {
    if (this.#watched.has(object)) return;
    this.#watched.add(object);
    const own = object as Record<string, unknown>;
    for (const name of methodsOf(object)) {
      const method = own[name] as (...parameters: unknown[]) => unknown;
      own[name] = (...parameters: unknown[]) => {
        const answer = method.apply(object, parameters);
        if (answer instanceof QueryBuilder || answer instanceof Repository) {
          this.watchMethods(answer);
        }
        if (!(answer instanceof Promise)) return answer;
        return this.watch(called(name, parameters), answer);
      };
    }
  }
}

/** `await` of a promise of another class than Promise calls its `then`. */
class WatchedPromise<T> extends Promise<T> {
  heard: (() => void) | undefined;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  override then<A = T, B = never>(
    ...on: [((value: T) => A | PromiseLike<A>)?, ((reason: unknown) => B | PromiseLike<B>)?]
  ): Promise<A | B> {
    this.heard?.();
    return super.then(...on);
  }
}

function methodsOf(object: object): Set<string> {
  const names = new Set<string>();
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && !NEED_NO_WAITING.has(name)) names.add(name);
    }
  }
  return names;
}

/** The statement, or the method with the table that it is about. */
function called(name: string, parameters: readonly unknown[]): string {
  const [first] = parameters;
  if (typeof first !== 'string') return `${name}()`;
  return name === 'query' ? first : `${name}(${first})`;
}
