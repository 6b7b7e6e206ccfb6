import type { OnEvent, RolloutEvent } from '@switchyard/migrator';
import type { Screen } from './screen.ts';

/** Signals that end a command line, with the exit code that a shell gives them. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Says at Ctrl-C what goes on at the servers and which command takes it up, and ends the process.
 * A second signal ends it at once.
 */
export class Interruption {
  readonly #screen: Screen;
  readonly #atWork = new Map<string, string>();
  #handlers: (readonly [signal: NodeJS.Signals, handler: () => void])[] = [];

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Runs `work`; during it, signals are answered. The events of the rollout go through `watch`. */
  async during<T>(work: (watch: (next: OnEvent) => OnEvent) => Promise<T>): Promise<T> {
    this.#handlers = Object.entries(SIGNALS).map(([signal, code]) => {
      const handler = () => this.#end(signal, code);
      return [signal as NodeJS.Signals, handler] as const;
    });
    for (const [signal, handler] of this.#handlers) process.once(signal, handler);
    try {
      return await work((next) => (event) => {
        this.#note(event);
        next(event);
      });
    } finally {
      for (const [signal, handler] of this.#handlers) process.off(signal, handler);
    }
  }

  #note(event: RolloutEvent): void {
    if (event.event === 'step-started') this.#atWork.set(event.shard, event.clause);
    if (event.event === 'step-ended' || event.event === 'shard-ended') {
      this.#atWork.delete(event.shard);
    }
  }

  #end(signal: string, code: number): void {
    const atWork = [...this.#atWork].map(([shard, clause]) => ({ shard, clause }));
    this.#screen.event({ event: 'interrupted', signal, atWork, remedy: REMEDY });
    if (!this.#screen.json) {
      this.#screen.warn(`\nInterrupted by ${signal}. Nothing more is sent to any shard.`);
      for (const { shard, clause } of atWork) {
        const line = clause.replaceAll(/\s+/g, ' ').slice(0, 60);
        this.#screen.warn(`  ${shard}  ${line}`);
      }
      if (atWork.length > 0) this.#screen.warn(GOES_ON);
      this.#screen.warn(`${REMEDY}.`);
    }
    process.exit(code);
  }
}

const GOES_ON =
  'The server may carry these statements to their end: how they came out is looked up there later.';
const REMEDY =
  '`switchyard resume` takes the rollout up, `switchyard status` shows where it stands';
