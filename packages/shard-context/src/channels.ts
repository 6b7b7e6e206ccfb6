import { channel, type Channel } from 'node:diagnostics_channel';
import type { Frame, Place } from './frame.ts';

/** Published when code uses a scope that is already over (a forgotten await). */
export interface LateUse {
  /** What was attempted. */
  readonly attempted: string;
  /** Where it ran: its own place, never another's. */
  readonly place: Place | undefined;
  /** The stack at which the scope was opened. */
  readonly openedAt: string;
}

/** Published when a named escape is used: `unlocked`, `unfenced`, `writable`. */
export interface Escape {
  readonly escape: 'unlocked' | 'unfenced' | 'writable';
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

/** Reports the use of a scope that is over. Call it where a scope's place is about to be used. */
export function reportLateUse(frame: Frame | undefined, attempted: string): void {
  if (frame === undefined || !frame.activity.closed || !channels.lateUse.hasSubscribers) return;
  channels.lateUse.publish({
    attempted,
    place: frame.place,
    openedAt: frame.activity.openedAt,
  });
}
