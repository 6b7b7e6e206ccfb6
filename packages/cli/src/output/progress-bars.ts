import { performance } from 'node:perf_hooks';
import type { RolloutEvent } from '@switchyard/migrator';
import { lineOf } from './progress-lines.ts';
import type { Screen } from './screen.ts';
import { duration, pad } from './table.ts';

const UP = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A`);
const CLEAR_DOWN = '\u001b[0J';
const BAR = 24;
const REDRAW_MS = 80;
/** Bars that are drawn at most; the others are counted. */
const SHOWN = 16;

interface Bar {
  step: number;
  of: number;
  done: number;
  note: string;
}

/** Bars of the shards at work under a log of what has ended. For a terminal. */
export class ProgressBars {
  readonly #screen: Screen;
  readonly #bars = new Map<string, Bar>();
  #drawn = 0;
  #last = 0;
  #total = 0;
  #ended = 0;
  #began = performance.now();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Takes an event of the rollout and shows it. */
  show(event: RolloutEvent): void {
    this.#apply(event);
    const line = event.event === 'step-ended' ? undefined : lineOf(event, this.#screen);
    const now = performance.now();
    if (line === undefined && now - this.#last < REDRAW_MS && event.event !== 'rollout-ended')
      return;
    this.#last = now;
    this.#redraw(line);
  }

  #apply(event: RolloutEvent): void {
    switch (event.event) {
      case 'rollout-started':
        this.#began = performance.now();
        this.#total = event.waves.reduce((sum, { shards }) => sum + shards.length, 0);
        break;
      case 'shard-started':
        this.#bars.set(event.shard, { step: 0, of: event.steps, done: 0, note: '' });
        break;
      case 'step-started':
        this.#change(event.shard, {
          step: event.step - 1,
          of: event.of,
          done: 0,
          note: event.clause,
        });
        break;
      case 'step-progress':
        this.#change(event.shard, {
          done: event.done,
          note: `${rowsText(event.rows)}${event.rowsPerSecond.toLocaleString('en')} rows/s, ${duration(event.etaMs)} left`,
        });
        break;
      case 'step-ended':
        this.#change(event.shard, { step: event.step, of: event.of, done: 0 });
        break;
      case 'shard-ended':
        if (this.#bars.delete(event.shard)) this.#ended += 1;
        break;
      default:
    }
  }

  #change(shard: string, change: Partial<Bar>): void {
    const bar = this.#bars.get(shard);
    if (bar !== undefined) Object.assign(bar, change);
  }

  #redraw(line: string | undefined): void {
    const bars = [...this.#bars].slice(0, SHOWN).map(([shard, bar]) => this.#barLine(shard, bar));
    const lines = this.#bars.size === 0 ? [] : [...bars, this.#summary()];
    const log = line === undefined ? '' : `${line}\n`;
    const text = lines.map((one) => `${one}\n`).join('');
    this.#screen.draw(`${UP(this.#drawn)}${CLEAR_DOWN}${log}${text}`);
    this.#drawn = lines.length;
  }

  #barLine(shard: string, { step, of, done, note }: Bar): string {
    const share = of === 0 ? 0 : Math.min(1, (step + done) / of);
    const full = Math.round(share * BAR);
    const bar = '█'.repeat(full) + '░'.repeat(BAR - full);
    const head = `  ${pad(shard, 12)} ${bar} ${pad(`${Math.min(of, step + 1)}/${of}`, 5)} `;
    return head + note.slice(0, Math.max(0, this.#screen.columns - head.length - 1));
  }

  /** All shards weigh the same: what is left is guessed from how long the ended ones took. */
  #summary(): string {
    const took = performance.now() - this.#began;
    const left =
      this.#ended === 0
        ? ''
        : `, ${duration((took / this.#ended) * (this.#total - this.#ended))} left`;
    return this.#screen.style('dim', `  ${this.#ended} of ${this.#total} shards${left}`);
  }
}

function rowsText(
  rows: { readonly copied: number; readonly expected: number } | undefined,
): string {
  if (rows === undefined) return '';
  const [copied, expected] = [rows.copied, rows.expected].map((n) => n.toLocaleString('en'));
  return `${copied} of about ${expected} rows, `;
}
