import { randomInt } from 'node:crypto';

/** Printable ASCII, in the order of its bytes; names beyond it come after all of these. */
const FIRST = 0x21;
const COUNT = 0x7e - FIRST + 1;
/** Characters behind those that all names share: enough to tell a billion apart. */
const LENGTH = 12;

/**
 * A place at random among the names: between the first one and the last, found by asking whether any
 * comes behind a text, once per binary digit. Undefined where there are no names.
 */
export async function randomName(
  firstBehind: (after: string | undefined) => Promise<string | undefined>,
): Promise<string | undefined> {
  const first = await firstBehind(undefined);
  if (first === undefined) return undefined;
  let last = '';
  for (let i = 0; i < LENGTH; i++) last += await lastCharacter(last, firstBehind);
  let shared = 0;
  while (shared < last.length && first[shared] === last[shared]) shared += 1;
  const low = codeAt(first, shared);
  const high = codeAt(last, shared);
  let start = last.slice(0, shared) + character(low + randomInt(high - low + 1));
  while (start.length < LENGTH) start += character(randomInt(COUNT));
  return start;
}

/** The greatest character with which a text can go on so that a name still comes behind it. */
async function lastCharacter(
  prefix: string,
  firstBehind: (after: string | undefined) => Promise<string | undefined>,
): Promise<string> {
  let [low, high] = [0, COUNT - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await firstBehind(prefix + character(middle))) === undefined) high = middle - 1;
    else low = middle;
  }
  return character(low);
}

function codeAt(name: string, index: number): number {
  const code = name.charCodeAt(index) - FIRST; // NaN behind the end
  return code >= 0 ? Math.min(code, COUNT - 1) : 0;
}

function character(index: number): string {
  return String.fromCharCode(FIRST + index);
}
