import { Recent } from '../recent.ts';
import { globalId, type GlobalId, type GlobalIdSigner } from '../gid/index.ts';

/** The place of a job, as far as it is signed; the fleet stands beside it. */
type Place = Pick<GlobalId, 'shard' | 'tenant' | 'epoch'>;

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
  readonly #written = new Recent<Written>();
  readonly #read = new Recent<Read>();

  constructor(signer: GlobalIdSigner) {
    this.#signer = signer;
  }

  write(fleet: string, { shard, tenant, epoch }: Place): string {
    const name = tenant ?? shard;
    const known = this.#written.at(name);
    if (known?.shard === shard && known.tenant === tenant && known.epoch === epoch) {
      if (known.fleet === fleet) return known.text;
    }
    const place = globalId({ fleet, model: 'JobPlace', id: ['-'], shard, tenant, epoch });
    const text = this.#signer.sign(place, { ...PURPOSE, expires: 'never' });
    return this.#written.keep(name, { fleet, shard, tenant, epoch, text }).text;
  }

  read(text: string): GlobalId {
    const known = this.#read.at(text);
    if (known?.text === text) return known.place;
    const place = this.#signer.verify(text, PURPOSE);
    if (isLasting(text)) this.#read.keep(text, { text, place });
    return place;
  }
}

/** A signed text and its place. */
interface Read {
  readonly text: string;
  readonly place: GlobalId;
}

/** The same the other way round. */
interface Written extends Place {
  readonly fleet: string;
  readonly text: string;
}

const placesOf = new WeakMap<GlobalIdSigner, SignedPlaces>();

function signedPlaces(signer: GlobalIdSigner): SignedPlaces {
  let places = placesOf.get(signer);
  if (places === undefined) placesOf.set(signer, (places = new SignedPlaces(signer)));
  return places;
}

/** The signed text of a place. @throws GlobalIdInvalidError, GlobalIdShardMissingError */
export function signPlace(signer: GlobalIdSigner, fleet: string, place: Place): string {
  return signedPlaces(signer).write(fleet, place);
}

/** The place of a signed text. @throws GlobalIdSignatureError */
export function verifyPlace(signer: GlobalIdSigner, text: string): GlobalId {
  return signedPlaces(signer).read(text);
}

/** False for a text that somebody signed for a while: it is good for that while only. */
export function isLasting(text: string): boolean {
  return !text.includes('&x=');
}
