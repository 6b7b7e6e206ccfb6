import { SwitchyardError } from '@switchyard/shard-context/internal';

/** The database cannot be adopted as it is asked for. Nothing was changed. */
export class AdoptionRefusedError extends SwitchyardError {
  static override readonly code = 'ADOPTION_REFUSED';
  constructor(shard: string, reason: string, remedy: string) {
    super({ attempted: 'adopt', shard, reason, remedy });
  }
}
