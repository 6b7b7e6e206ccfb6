import { channel, type Channel } from 'node:diagnostics_channel';
import { describePlace, type Frame, type Place } from './frame.ts';

/** Published when code uses a scope that is already over (a forgotten await). */
export interface LateUse {
  /** What was attempted. */
  readonly attempted: string;
  /** Where it ran: its own place, never another's. */
  readonly place: Place | undefined;
  /** The stack at which the scope was opened. */
  readonly openedAt: string;
}

/** Published when a named escape is used: `unlocked`, `unfenced`, `writable`, `withoutEntity`. */
export interface Escape {
  readonly escape: 'unlocked' | 'unfenced' | 'writable' | 'withoutEntity';
  /** The reason that the caller gave. */
  readonly reason: string;
  readonly place: Place | undefined;
}

/**
 * The diagnostics channels of Switchyard's core, by what they tell. Nothing is computed while
 * nobody listens; no message carries secrets, routing keys or SQL parameters.
 */
export const channels = {
  lateUse: channel('switchyard:late-use') as Channel<unknown, LateUse>,
  escape: channel('switchyard:escape') as Channel<unknown, Escape>,
} as const;

/** Scopes that were warned of already, by the stack at which they were opened; bounded. */
const warned = new Set<string>();
const MOST_WARNED = 100;

/**
 * Reports the use of a scope that is over. Call it where a scope's place is about to be used. Goes
 * to the channel; while nobody listens there, once per opening stack to `process.emitWarning`.
 */
export function reportLateUse(frame: Frame | undefined, attempted: string): void {
  if (frame === undefined || !frame.activity.closed) return;
  const { place, activity } = frame;
  if (channels.lateUse.hasSubscribers) {
    channels.lateUse.publish({ attempted, place, openedAt: activity.openedAt });
  } else {
    warnOnce(`${attempted} after its scope on ${describePlace(place)} was over`, activity.openedAt);
  }
}

function warnOnce(message: string, openedAt: string): void {
  if (warned.has(openedAt) || warned.size >= MOST_WARNED) return;
  warned.add(openedAt);
  process.emitWarning(message, {
    type: 'SwitchyardLateUse',
    code: 'LATE_USE',
    detail: `The scope was opened at\n${openedAt}`,
  });
}
