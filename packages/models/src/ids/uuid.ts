import { randomBytes } from 'node:crypto';

/** Random bits are fetched for this many ids at once: a system call each would cost the most. */
const POOLED_IDS = 128;
const BYTES_PER_ID = 10;
/** The counter has 12 bits; it starts in the lower half, so that a millisecond has room for 2,048. */
const COUNTER_LIMIT = 0x1000;
const COUNTER_START_MASK = 0x7ff;

/** Makes UUIDs of version 7, each greater than the one before, also within a millisecond. */
export class UuidSource {
  readonly #now: () => number;
  #millisecond = 0;
  #counter = 0;
  #pool = Buffer.alloc(0);
  #used = 0;

  /** `now`: milliseconds since 1970; a clock that is set back does not break the order. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @see RFC 9562, "UUID Version 7" and "Monotonicity and Counters" (method 1) */
  next(): string {
    const random = this.#random();
    this.#tick(random.readUInt16BE(8));
    const time = this.#millisecond.toString(16).padStart(12, '0');
    const counter = this.#counter.toString(16).padStart(3, '0');
    const variant = ((random.readUInt8(0) & 0x3f) | 0x80).toString(16);
    const tail = random.toString('hex', 1, 8);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${variant}${tail.slice(0, 2)}-${tail.slice(2)}`;
  }

  #tick(random: number): void {
    const now = this.#now();
    if (now > this.#millisecond) {
      this.#millisecond = now;
      this.#counter = random & COUNTER_START_MASK;
      return;
    }
    this.#counter += 1;
    if (this.#counter < COUNTER_LIMIT) return;
    this.#millisecond += 1; // ahead of the clock for a moment; the order holds
    this.#counter = random & COUNTER_START_MASK;
  }

  #random(): Buffer {
    if (this.#used >= this.#pool.length) {
      this.#pool = randomBytes(POOLED_IDS * BYTES_PER_ID);
      this.#used = 0;
    }
    this.#used += BYTES_PER_ID;
    return this.#pool.subarray(this.#used - BYTES_PER_ID, this.#used);
  }
}

const source = new UuidSource();

/** A UUID of version 7: sorted by the time it was made, so that inserts go to the end of the index. */
export function uuidv7(): string {
  return source.next();
}
