import { globalId, type GlobalId, type GlobalIdSigner } from '../gid/index.ts';

/** What the signature of an envelope's place is made for. */
const PURPOSE = { purpose: 'job-place' } as const;
/** Per signer and direction: some 300 KB at most. Busier fleets sign some places again. */
const MAX_KEPT = 1_000;

/**
 * The signed texts of one signer's places. A place is that of many jobs, and its signature is the
 * same each time: it never expires, and a signer's keys do not change. What did not verify is not
 * kept.
 */
class SignedPlaces {
  readonly #signer: GlobalIdSigner;
  readonly #written = new Map<string, string>();
  readonly #read = new Map<string, GlobalId>();

  constructor(signer: GlobalIdSigner) {
    this.#signer = signer;
  }

  write(place: GlobalId): string {
    const { fleet, shard, tenant, epoch } = place;
    // The tenant last: it may be any text, and nothing else can hold a line break.
    const seen = `${fleet}\n${shard}\n${epoch}`;
    const name = tenant === undefined ? seen : `${seen}\n${tenant}`;
    const known = this.#written.get(name);
    if (known !== undefined) return known;
    const signed = this.#signer.sign(globalId(place), { ...PURPOSE, expires: 'never' });
    return kept(this.#written, name, signed);
  }

  read(text: string): GlobalId {
    const known = this.#read.get(text);
    if (known !== undefined) return known;
    const place = this.#signer.verify(text, PURPOSE);
    // A text that somebody signed for a while is good for that while only.
    return text.includes('&x=') ? place : kept(this.#read, text, place);
  }
}

function kept<T>(map: Map<string, T>, key: string, value: T): T {
  if (map.size >= MAX_KEPT) map.clear();
  map.set(key, value);
  return value;
}

const placesOf = new WeakMap<GlobalIdSigner, SignedPlaces>();

function signedPlaces(signer: GlobalIdSigner): SignedPlaces {
  let places = placesOf.get(signer);
  if (places === undefined) placesOf.set(signer, (places = new SignedPlaces(signer)));
  return places;
}

/** The signed text of a place. @throws GlobalIdInvalidError, GlobalIdShardMissingError */
export function signPlace(signer: GlobalIdSigner, place: GlobalId): string {
  return signedPlaces(signer).write(place);
}

/** The place of a signed text. @throws GlobalIdSignatureError */
export function verifyPlace(signer: GlobalIdSigner, text: string): GlobalId {
  return signedPlaces(signer).read(text);
}
