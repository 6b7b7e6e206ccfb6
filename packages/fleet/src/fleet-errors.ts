import { SwitchyardError } from '@switchyard/shard-context/internal';

/** The options of `defineFleet` contradict themselves. All wrong ones are named at once. */
export class FleetOptionsInvalidError extends SwitchyardError {
  static override readonly code = 'FLEET_OPTIONS_INVALID';
  /** One `field: problem` each. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super({
      attempted: 'define the fleet',
      reason: problems.join('; '),
      remedy: 'Correct the named fields',
    });
    this.problems = problems;
  }
}

/** The fleet was started before, or was closed: one object is one run. */
export class FleetUsedError extends SwitchyardError {
  static override readonly code = 'FLEET_USED';
  constructor(attempted: string, fleet: string, state: 'started' | 'closed') {
    super({
      attempted: `${attempted} fleet ${fleet}`,
      reason: `it was ${state} before`,
      remedy:
        state === 'started'
          ? 'Use the fleet that start() returned'
          : 'Call defineFleet() again for another run in the same process',
    });
  }
}

/** Something that the fleet opened did not close; everything else did. */
export class FleetNotClosedError extends SwitchyardError {
  static override readonly code = 'FLEET_NOT_CLOSED';
  constructor(fleet: string, failures: readonly unknown[]) {
    const texts = failures.map((one) => (one instanceof Error ? one.message : String(one)));
    super(
      {
        attempted: `close fleet ${fleet}`,
        reason: texts.join('; ').replace(/\.$/, ''),
        remedy: 'End the process; its connections end with it',
      },
      { cause: failures.length === 1 ? failures[0] : new AggregateError(failures) },
    );
  }
}

/** `queue` or `worker` was asked for a queue that the fleet does not declare. */
export class QueueUndeclaredError extends SwitchyardError {
  static override readonly code = 'QUEUE_UNDECLARED';
  constructor(queue: string, declared: readonly string[]) {
    super({
      attempted: `open queue ${queue}`,
      reason: `the fleet declares ${declared.length === 0 ? 'no queues' : declared.join(', ')}`,
      remedy: 'Name it in jobs.queues of defineFleet(), so that `switchyard jobs check` sees it',
    });
  }
}
