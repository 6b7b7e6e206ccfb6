import { samePlace, type Place } from '../frame.ts';
import { Recent } from '../recent.ts';
import { globalId, type GlobalId, type GlobalIdSigner } from '../gid/index.ts';

/** What the signature of an envelope's place is made for. */
const PURPOSE = { purpose: 'job-place' } as const;

/**
 * The signed texts of one signer's places. A place is that of many jobs, and its signature is the
 * same each time: it never expires, and a signer's keys do not change. What did not verify is not
 * kept.
 */
class SignedPlaces {
  readonly #signer: GlobalIdSigner;
  /** By tenant, or by shard where there is none: what else a place says is compared. */
  readonly #written = new Recent<{ readonly place: Place; readonly text: string }>();
  readonly #read = new Recent<{ readonly place: GlobalId; readonly text: string }>();

  constructor(signer: GlobalIdSigner) {
    this.#signer = signer;
  }

  write(place: Place): string {
    const name = place.tenant ?? place.shard;
    const before = this.#written.at(name);
    if (before !== undefined && samePlace(before.place, place)) return before.text;
    const value = globalId({ ...place, model: 'JobPlace', id: ['-'] });
    const text = this.#signer.sign(value, { ...PURPOSE, expires: 'never' });
    return this.#written.keep(name, { place, text }).text;
  }

  read(text: string): GlobalId {
    const before = this.#read.at(text);
    if (before?.text === text) return before.place;
    const place = this.#signer.verify(text, PURPOSE);
    // A text that somebody signed for a while is good for that while only.
    if (!text.includes('&x=')) this.#read.keep(text, { text, place });
    return place;
  }
}

const placesOf = new WeakMap<GlobalIdSigner, SignedPlaces>();

function signedPlaces(signer: GlobalIdSigner): SignedPlaces {
  let places = placesOf.get(signer);
  if (places === undefined) placesOf.set(signer, (places = new SignedPlaces(signer)));
  return places;
}

/** The signed text of a place. @throws GlobalIdInvalidError, GlobalIdShardMissingError */
export function signPlace(signer: GlobalIdSigner, place: Place): string {
  return signedPlaces(signer).write(place);
}

/** The place of a signed text. @throws GlobalIdSignatureError */
export function verifyPlace(signer: GlobalIdSigner, text: string): GlobalId {
  return signedPlaces(signer).read(text);
}
