import { Recent } from '../recent.ts';
import type { GlobalId } from './global-id.ts';

/** How texts of one model begin: `gid://<fleet>/<Model>/`. */
interface Head extends Pick<GlobalId, 'fleet' | 'model'> {
  readonly text: string;
}

/** How texts of one place end: `?shard=<shard>&tenant=<tenant>&e=<epoch>`. */
interface Tail extends Pick<GlobalId, 'shard' | 'tenant' | 'epoch'> {
  readonly text: string;
}

const heads = new Recent<Head>();
const tails = new Recent<Tail>();

/** The head of the value's text, where one of its fleet and model was written before. */
export function knownHead({ fleet, model }: GlobalId): string | undefined {
  const head = heads.at(model);
  if (head === undefined || head.model !== model || head.fleet !== fleet) return undefined;
  return head.text;
}

/** The tail of the value's text, where one of its place was written before. */
export function knownTail({ shard, tenant, epoch }: GlobalId): string | undefined {
  const tail = tails.at(tenant ?? shard);
  if (tail === undefined || tail.shard !== shard) return undefined;
  return tail.tenant === tenant && tail.epoch === epoch ? tail.text : undefined;
}

/** Keeps head and tail of a checked value: most of the next texts differ in their id alone. */
export function keepParts(value: GlobalId, head: string, tail: string): void {
  const { fleet, model, shard, tenant, epoch } = value;
  heads.keep(model, { fleet, model, text: head });
  tails.keep(tenant ?? shard, { shard, tenant, epoch, text: tail });
}
