import { SwitchyardError } from '../errors.ts';

/** What is wrong with a global ID. */
export type GlobalIdProblem =
  | 'not-text'
  | 'too-long'
  | 'scheme'
  | 'fleet'
  | 'model'
  | 'id'
  | 'encoding'
  | 'shard'
  | 'tenant'
  | 'epoch'
  | 'parameter-unknown'
  | 'parameter-repeated'
  | 'parameter-order'
  | 'expiry'
  | 'purpose';

/** The text, or the value, is not a global ID. Nothing was looked up. */
export class GlobalIdInvalidError extends SwitchyardError {
  static override readonly code = 'GLOBAL_ID_INVALID';
  /** Which part is wrong. */
  readonly problem: GlobalIdProblem;

  constructor(problem: GlobalIdProblem, reason: string) {
    super({
      attempted: 'read a global ID',
      reason,
      remedy: 'Use the text that formatGlobalId() wrote, unchanged',
    });
    this.problem = problem;
  }
}

/** The global ID does not name the shard on which the record was last seen. Nothing was looked up. */
export class GlobalIdShardMissingError extends SwitchyardError {
  static override readonly code = 'GLOBAL_ID_SHARD_MISSING';
  constructor() {
    super({
      attempted: 'read a global ID',
      reason: 'it names no shard, and Switchyard never guesses one',
      remedy: 'Make global IDs from loaded records: their shard is then known',
    });
  }
}

/**
 * A signed global ID was not accepted: it was altered, has expired, or was made for another purpose
 * or by an unknown key. The error does not tell which, so that a client cannot probe.
 */
export class GlobalIdSignatureError extends SwitchyardError {
  static override readonly code = 'GLOBAL_ID_SIGNATURE_INVALID';
  constructor() {
    super({
      attempted: 'verify a signed global ID',
      reason: 'it is not, or is no longer, valid for this purpose',
      remedy: 'Ask for a new one',
    });
  }
}

/** The global ID is valid, but it names a model that this caller does not accept. */
export class GlobalIdModelRefusedError extends SwitchyardError {
  static override readonly code = 'GLOBAL_ID_MODEL_REFUSED';
  constructor(model: string, accepted: readonly string[]) {
    super({
      attempted: `accept a global ID of ${model}`,
      reason: `only ${accepted.join(', ') || 'no model'} is accepted here`,
      remedy: 'Pass an ID of an accepted model, or add the model to the list',
    });
  }
}

/** A signer was given keys that it does not accept. */
export class GlobalIdKeyError extends SwitchyardError {
  static override readonly code = 'GLOBAL_ID_KEY_INVALID';
  constructor(reason: string) {
    super({
      attempted: 'make a global ID signer',
      reason,
      remedy:
        'Give every key its own id and a secret KeyObject of at least 32 bytes: crypto.createSecretKey(bytes)',
    });
  }
}
