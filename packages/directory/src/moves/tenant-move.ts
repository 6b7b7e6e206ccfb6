/** A tenant's way from one shard to another. */
export interface MovePath {
  readonly tenant: string;
  readonly source: string;
  readonly target: string;
}

/** A way, and the mover that takes the tenant along it; it keeps both until the move is settled. */
export interface TenantMove extends MovePath {
  /**
   * The mover's token: 1 to 64 printable ASCII characters without spaces, made once per move
   * (`randomUUID()`) and kept over restarts. The shards tell two movers apart by it.
   */
  readonly mover: string;
}

/** A move whose tenant is frozen, and whose rows its mover copies. */
export interface FrozenMove extends TenantMove {
  /** That of the freeze, as `freezeTenant` answered it: rows that were copied in it are current. */
  readonly epoch: number;
}

/** A freeze that is given up: by its mover, or without a token by an operator. */
export interface ThawMove extends MovePath {
  readonly mover?: string | undefined;
}

/** The effects of a move's steps, in the order of their happening. A kill may come before each. */
export type SwitchStep =
  | 'freeze:target'
  | 'freeze:source'
  | 'freeze:directory'
  | 'switch:seal'
  | 'switch:directory'
  | 'switch:target'
  | 'switch:source'
  | 'thaw:target'
  | 'thaw:directory'
  | 'thaw:source';

/** True for what the shards can keep as a mover's token. */
export function isMoverToken(token: unknown): boolean {
  return typeof token === 'string' && /^[\x21-\x7e]{1,64}$/.test(token);
}
