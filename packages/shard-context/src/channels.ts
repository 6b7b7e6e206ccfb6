import { channels } from './events.ts';
import { describePlace, type Frame } from './frame.ts';

/** The scopes for which a warning was given, by the stack at which they were opened; bounded. */
const warned = new Set<string>();
const MOST_WARNED = 100;

/**
 * Reports the use of a scope that is over. Call it where a scope's place is about to be used. The
 * report goes to the channel. While the channel has no subscriber, it goes to
 * `process.emitWarning`, once for each opening stack.
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
