import type { PlanRefusal } from '@switchyard/migrator';
import type { Screen } from './screen.ts';
import { wrapped } from './table.ts';

/** Why a shard is not done, and what to do. */
export interface Trouble {
  readonly shard: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** Shards that are named where many have the same trouble. */
const NAMED = 4;

/** A refusal of a plan, with the flag that lets it through. */
export function troubleOf(shard: string, refusal: PlanRefusal): Trouble {
  const { rule, clause, reason, remedy, flag } = refusal;
  const allow = flag === undefined ? '' : `. Or allow exactly this: --allow ${flag}`;
  return { shard, code: rule, message: `${clause}: ${reason}`, remedy: `${remedy}${allow}` };
}

/**
 * Troubles as people read them: which shards, code, message, remedy. Those that say the same of
 * several shards are one, with their count; the message is that of the first.
 */
export function sayTroubles(screen: Screen, troubles: readonly Trouble[]): void {
  const groups = new Map<string, Trouble[]>();
  for (const trouble of troubles) {
    const key = sameness(trouble);
    groups.set(key, [...(groups.get(key) ?? []), trouble]);
  }
  for (const group of groups.values()) sayGroup(screen, group);
}

function sayGroup(screen: Screen, group: readonly Trouble[]): void {
  const [first] = group;
  if (first === undefined) return;
  const { code, message, remedy } = first;
  screen.say();
  const shards = namesOf(group.map(({ shard }) => shard));
  screen.say(`${screen.style('bold', shards)}  ${screen.style('red', code)}`);
  for (const line of wrapped(message.replace(` ${remedy}.`, ''), screen.wrapAt, 2)) {
    screen.say(line);
  }
  const [head = '', ...rest] = wrapped(remedyText(remedy), screen.wrapAt, 4);
  screen.say(`  ${screen.style('cyan', '→')} ${head.trimStart()}`);
  for (const line of rest) screen.say(line);
}

function remedyText(remedy: string): string {
  return `${remedy.replace(/\.$/, '')}.`;
}

/** A shard's own name in a message makes no other trouble of it. */
function sameness({ shard, code, message, remedy }: Trouble): string {
  const plain = shard.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const own = new RegExp(`(?<![\\w-])${plain}(?![\\w-])`, 'g');
  return [code, ...[message, remedy].map((text) => text.replace(own, '<shard>'))].join('\n');
}

function namesOf(shards: readonly string[]): string {
  if (shards.length <= NAMED) return shards.join(', ');
  const named = shards.slice(0, NAMED - 1);
  return `${named.join(', ')} and ${shards.length - named.length} more (${shards.length} shards)`;
}
