import { createServer } from 'node:http';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import Koa, { type Context } from 'koa';
import { currentFrame } from '@switchyard/shard-context';
import { koaShardContext, koaShardErrors } from '@switchyard/shard-context/koa';
import type { Application } from '../conformance.ts';
import { apiKey, type House } from '../house.ts';
import {
  beforeRoute,
  echo,
  events,
  fail,
  lines,
  openAccount,
  outliveClient,
  trySwitch,
} from '../routes.ts';

/** Koa on Node's server. */
export async function startKoa(house: House): Promise<Application> {
  const app = new Koa();
  app.silent = true; // Koa prints the errors it handles itself otherwise
  app.use(koaShardErrors);
  const { context, directory } = house;
  const keyOf = (koa: Context) => apiKey(koa.headers['x-api-key']);
  app.use(koaShardContext({ locator: directory.locator, context, keyOf }));
  app.use((_koa, next) => {
    beforeRoute(house);
    return next();
  });
  app.use((koa) => route(koa, house));
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, close: async () => server.close().closeAllConnections() };
}

async function route(koa: Context, house: House): Promise<void> {
  if (koa.path === '/echo') koa.body = await echo(await json(koa.req));
  else if (koa.path === '/accounts') koa.body = await openAccount(house, await json(koa.req));
  else if (koa.path === '/switch') {
    house.noted.set('switching', currentFrame());
    koa.body = await trySwitch(house.context);
  } else if (koa.path === '/stream') {
    house.noted.set('streaming', currentFrame());
    koa.body = Readable.from(lines());
  } else if (koa.path === '/events') {
    koa.type = 'text/event-stream';
    koa.body = Readable.from(events());
  } else if (koa.path === '/outlive') koa.body = await outliveClient(house, koa.res);
  else fail(koa.path.slice('/fail/'.length));
}
