import { SwitchyardError } from '@switchyard/shard-context/internal';

/** The server of a shard cannot give sessions what the fleet declares. Nothing ran. */
export class SessionRefusedError extends SwitchyardError {
  static override readonly code = 'SESSION_REFUSED';

  constructor(shard: string, answer: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: 'set up a session',
        shard,
        reason: `its server refuses what \`session\` declares: ${answer.replaceAll(/\s+/g, ' ').replace(/\.$/, '')}`,
        remedy:
          'Correct `session` of the topology, or of the lock file; for a named time zone, load the time zone tables of the server',
      },
      options,
    );
  }
}
