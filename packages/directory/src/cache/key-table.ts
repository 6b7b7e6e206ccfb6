import type { Print } from './fingerprint.ts';

/** Four words of the print, the time (a double over two words), the state, and one to spare. */
const WORDS = 8;
const TIME = 2; // in doubles
const STATE = 6;
const EMPTY = 0;
const KEPT = 1;
/** Kept, and found since the hand last came by. */
const FOUND = 2;
/** Slots per entry: two looks find an entry, on average, and five tell that there is none. */
const ROOM = 1.5;
/** How far the hand goes to find a victim: beyond it, the entry there is pushed out. */
const LONGEST_SWEEP = 128;

/** What one entry costs in bytes, its share of the empty slots included: eight words, one value. */
export const BYTES_PER_ENTRY = ROOM * (WORDS * 4 + 8);

/**
 * A bounded table from the prints of keys to values, open-addressed with linear probing, in one
 * piece of memory that is reserved at the start. All of an entry but its value lies side by side:
 * lru-cache spreads it over a map and six arrays, and a hit in a million keys waits for each of them.
 *
 * When it is full, an entry not found for long goes: a hand moves over the slots, spares whatever
 * was found since it last came by, and takes the next (CLOCK; Corbató, 1968). Prints are keyed and
 * random, so that no one can choose keys that crowd one place of the table.
 */
export class KeyTable<Value> {
  readonly #most: number;
  readonly #slots: number;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #values: (Value | undefined)[];
  #size = 0;
  #hand = 0;

  /** For at most so many entries, at least 1. */
  constructor(most: number) {
    this.#most = most;
    this.#slots = Math.ceil(most * ROOM) + 1; // one stays empty, where every search ends
    const memory = new ArrayBuffer(this.#slots * WORDS * 4);
    this.#words = new Int32Array(memory);
    this.#doubles = new Float64Array(memory);
    this.#values = new Array<Value | undefined>(this.#slots).fill(undefined);
  }

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }

  /** The slot of a print, until the next `set` or `delete`; -1 where there is none. */
  find(print: Print): number {
    const words = this.#words;
    let slot = this.#home(print[0] as number);
    for (;;) {
      const at = slot * WORDS;
      if (words[at + STATE] === EMPTY) return -1;
      if (
        words[at] === print[0] &&
        words[at + 1] === print[1] &&
        words[at + 2] === print[2] &&
        words[at + 3] === print[3]
      ) {
        words[at + STATE] = FOUND;
        return slot;
      }
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    }
  }

  /** The value in a slot that `find` answered. */
  valueAt(slot: number): Value {
    return this.#values[slot] as Value;
  }

  /** The time that was set with it. */
  timeAt(slot: number): number {
    return this.#doubles[slot * (WORDS / 2) + TIME] as number;
  }

  /** Remembers or replaces; pushes out another entry where the table is full. */
  set(print: Print, value: Value, time: number): void {
    let slot = this.find(print);
    if (slot < 0) {
      if (this.#size >= this.#most) this.#empty(this.#victim());
      slot = this.#freeSlot(print[0] as number);
      this.#words.set(print, slot * WORDS);
      this.#words[slot * WORDS + STATE] = KEPT;
      this.#size++;
    }
    this.#values[slot] = value;
    this.#doubles[slot * (WORDS / 2) + TIME] = time;
  }

  /** Forgets an entry; nothing where there is none. */
  delete(print: Print): void {
    const slot = this.find(print);
    if (slot >= 0) this.#empty(slot);
  }

  /** The slot where the search for a print begins: its first word, spread over all slots. */
  #home(word: number): number {
    return Math.floor((word >>> 0) * (this.#slots / 2 ** 32));
  }

  #freeSlot(word: number): number {
    let slot = this.#home(word);
    while (this.#words[slot * WORDS + STATE] !== EMPTY) slot = this.#after(slot);
    return slot;
  }

  /** The next entry that was not found since the hand last came by. */
  #victim(): number {
    for (let spared = 0; ; this.#hand = this.#after(this.#hand)) {
      const at = this.#hand * WORDS + STATE;
      if (this.#words[at] === EMPTY) continue;
      if (this.#words[at] === KEPT || spared++ === LONGEST_SWEEP) return this.#hand;
      this.#words[at] = KEPT;
    }
  }

  /** Empties a slot and moves up those behind it, so that no search ends at the gap. */
  #empty(slot: number): void {
    let gap = slot;
    for (let next = this.#after(gap); ; next = this.#after(next)) {
      const at = next * WORDS;
      if (this.#words[at + STATE] === EMPTY) break;
      const home = this.#home(this.#words[at] as number);
      if (this.#steps(home, next) < this.#steps(gap, next)) continue; // it begins behind the gap
      this.#words.copyWithin(gap * WORDS, at, at + WORDS);
      this.#values[gap] = this.#values[next];
      gap = next;
    }
    this.#words.fill(0, gap * WORDS, (gap + 1) * WORDS);
    this.#values[gap] = undefined;
    this.#size--;
  }

  #steps(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.#slots;
  }

  #after(slot: number): number {
    return slot + 1 === this.#slots ? 0 : slot + 1;
  }
}
