import type { GlobalId } from './global-id.ts';

/** A power of two. Two names of one slot take it from each other, which costs a text made again. */
const SLOTS = 1024;

/** How texts of one model begin: `gid://<fleet>/<Model>/`. */
interface Head extends Pick<GlobalId, 'fleet' | 'model'> {
  readonly text: string;
}

/** How texts of one place end: `?shard=<shard>&tenant=<tenant>&e=<epoch>`. */
interface Tail extends Pick<GlobalId, 'shard' | 'tenant' | 'epoch'> {
  readonly text: string;
}

/** Slots in place of maps: what is written once costs little, however many tenants there are. */
const heads = new Array<Head | undefined>(SLOTS).fill(undefined);
const tails = new Array<Tail | undefined>(SLOTS).fill(undefined);

/** The head of the value's text, where one of its fleet and model was written before. */
export function knownHead({ fleet, model }: GlobalId): string | undefined {
  const head = heads[slotOf(model)];
  if (head === undefined || head.model !== model || head.fleet !== fleet) return undefined;
  return head.text;
}

/** The tail of the value's text, where one of its place was written before. */
export function knownTail({ shard, tenant, epoch }: GlobalId): string | undefined {
  const tail = tails[slotOf(tenant ?? shard)];
  if (tail === undefined || tail.shard !== shard) return undefined;
  return tail.tenant === tenant && tail.epoch === epoch ? tail.text : undefined;
}

/** Keeps head and tail of a checked value: most of the next texts differ in their id alone. */
export function keepParts(value: GlobalId, head: string, tail: string): void {
  const { fleet, model, shard, tenant, epoch } = value;
  heads[slotOf(model)] = { fleet, model, text: head };
  tails[slotOf(tenant ?? shard)] = { shard, tenant, epoch, text: tail };
}

/** By the last three characters, in which numbered names and random ones differ most. */
function slotOf(name: unknown): number {
  if (typeof name !== 'string') return 0; // of a value that is refused when it is checked
  const end = name.length - 1;
  let sum = end;
  for (let i = end; i > end - 3 && i >= 0; i--) sum = sum * 31 + name.charCodeAt(i);
  return sum & (SLOTS - 1);
}
