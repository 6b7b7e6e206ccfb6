import { formatGlobalId, type GlobalId, type GlobalIdSigner } from '@switchyard/shard-context/gid';

/** A record that was signed for this purpose must not be accepted as the place of a job. */
export const PLACE_MODEL = 'JobPlace';
/** The purpose of signatures of places, and how long they are valid. */
const PLACE_USE = { purpose: 'job-place', expires: 'never' } as const;
/** The most places that are kept, for each signer and direction. */
const MAX_KEPT = 4096;

/** A cache of the last results by their text; a new one replaces the oldest. */
class Recent<T> {
  readonly #kept = new Map<string, T>();

  of(text: string, make: () => T): T {
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    const made = make();
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value as string);
    this.#kept.set(text, made);
    return made;
  }
}

/**
 * Signs and verifies the places of jobs. Many jobs share a place, so its signature is made and checked
 * once while it is in use: without this, `npm run bench -- jobs`, row `roundtrip-signed`, is 0.10
 * higher.
 */
class SignedPlaces {
  readonly #signer: GlobalIdSigner;
  readonly #signed = new Recent<string>();
  readonly #verified = new Recent<GlobalId>();

  constructor(signer: GlobalIdSigner) {
    this.#signer = signer;
  }

  sign(place: GlobalId): string {
    return this.#signed.of(formatGlobalId(place), () => this.#signer.sign(place, PLACE_USE));
  }

  verify(text: string): GlobalId {
    const verify = () => this.#signer.verify(text, { ...PLACE_USE, models: [PLACE_MODEL] });
    // A signature with an expiry is not kept, because it must be checked each time. A queue may hold any text.
    const isForGood = typeof text === 'string' && !text.includes('&x=');
    return isForGood ? this.#verified.of(text, verify) : verify();
  }
}

/** A signer's keys do not change. */
const bySigner = new WeakMap<GlobalIdSigner, SignedPlaces>();

function placesOf(signer: GlobalIdSigner): SignedPlaces {
  let places = bySigner.get(signer);
  if (places === undefined) bySigner.set(signer, (places = new SignedPlaces(signer)));
  return places;
}

/** The signed text of a job's place. @throws GlobalIdInvalidError, GlobalIdShardMissingError */
export function signPlace(signer: GlobalIdSigner, place: GlobalId): string {
  return placesOf(signer).sign(place);
}

/** The place of a signed text. @throws GlobalIdSignatureError */
export function verifyPlace(signer: GlobalIdSigner, text: string): GlobalId {
  return placesOf(signer).verify(text);
}
