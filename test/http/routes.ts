import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { currentFrame, isSwitchyardError, type ShardContext } from '@switchyard/shard-context';
import {
  ShardContextMissingError,
  StaleRouteError,
  TenantFrozenError,
} from '@switchyard/shard-context/internal';
import { Account, Signpost } from './account.ts';
import { whereAmI, type House, type Where } from './house.ts';

// What the routes of every application of the suite do; an application only wires them to its host.

/** Chunks of the streamed body: large enough together to fill every buffer on the way. */
export const CHUNKS = 200;
const PADDING = ' '.repeat(64 * 1024);

/** Logs as code between the adapter and the route would, with and without a child logger. */
export function beforeRoute({ log }: House): void {
  log.info('before the route');
  log.child({ child: true }).info('before the route');
}

/** A body that is read and answered, after some turns of the event loop. */
export async function echo(body: unknown): Promise<{ before: Where; after: Where; body: unknown }> {
  const before = whereAmI();
  await turn();
  return { before, after: whereAmI(), body };
}

/** Writes a row and reads back where it went: ordinary TypeORM, which names no shard. */
export async function openAccount({ fleet }: House, body: unknown): Promise<object> {
  const { name } = body as { name: string };
  const accounts = fleet.dataSource.getRepository(Account);
  const { id } = await accounts.save({ name });
  const account = await accounts.findOneByOrFail({ id });
  const signpost = await fleet.dataSource.getRepository(Signpost).findOneByOrFail({ id: 1 });
  return { name: account.name, tenant: account.tenantId, shard: signpost.shard };
}

/** Asks for another shard inside the request. */
export async function trySwitch(context: ShardContext): Promise<{ code: string; after: Where }> {
  await turn();
  let code = 'none';
  try {
    context.onShard(whereAmI()?.shard === 'eu1' ? 'us1' : 'eu1', () => undefined);
  } catch (error) {
    code = isSwitchyardError(error) ? error.code : 'foreign';
  }
  return { code, after: whereAmI() };
}

/** A body made while it is read: each line says where it was made. */
export async function* lines(): AsyncGenerator<string> {
  for (let i = 0; i < CHUNKS; i += 1) {
    await turn();
    yield `${JSON.stringify(whereAmI())}${PADDING}\n`;
  }
}

/** How many server-sent events a route makes. */
export const EVENTS = 5;

/** Server-sent events as plain text, each of which says where it was made. */
export async function* events(): AsyncGenerator<string> {
  for await (const place of eventPlaces()) yield `data: ${JSON.stringify(place)}\n\n`;
}

/** Where each event is made, for hosts that write them themselves. */
export async function* eventPlaces(): AsyncGenerator<Where> {
  for (let i = 0; i < EVENTS; i += 1) {
    await turn();
    yield whereAmI();
  }
}

/** A route that notices that its client has left, and goes on for a while. */
export async function outliveClient(house: House, response: ServerResponse): Promise<string> {
  house.noted.set('waiting', currentFrame());
  await once(response, 'close');
  await turn();
  house.noted.set('left', currentFrame());
  return 'too late';
}

/** The errors that a handler may throw. */
export function fail(what: string): never {
  const route = { attempted: 'insert into Account', shard: 'us1', tenant: 't_secret' };
  if (what === 'stale') throw new StaleRouteError({ ...route, seenEpoch: 1, movedTo: 'us2' });
  if (what === 'frozen') throw new TenantFrozenError(route);
  if (what === 'missing') throw new ShardContextMissingError('find Account');
  throw new TypeError('a fault of the application');
}
