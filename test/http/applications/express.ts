import { createServer } from 'node:http';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import express, { type Express, type RequestHandler } from 'express';
import { currentFrame } from '@switchyard/shard-context';
import { expressShardContext, expressShardErrors } from '@switchyard/shard-context/express';
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

const parser = express.json({ strict: false });

/** Express, with the adapter before or after the body parser. */
export const startExpress = {
  beforeParser: (house: House) => start(house, (context) => [context, parser]),
  afterParser: (house: House) => start(house, (context) => [parser, context]),
};

async function start(
  house: House,
  order: (context: RequestHandler) => RequestHandler[],
): Promise<Application> {
  const app = express();
  const { context, directory } = house;
  const keyOf = (request: express.Request) => apiKey(request.headers['x-api-key']);
  app.use(...order(expressShardContext({ locator: directory.locator, context, keyOf })));
  app.use((_request, _response, next) => {
    beforeRoute(house);
    next();
  });
  addRoutes(app, house);
  app.use(expressShardErrors);
  app.set('env', 'test'); // Express prints the errors it handles itself in other environments
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, close: async () => server.close().closeAllConnections() };
}

function addRoutes(app: Express, house: House): void {
  app.post('/echo', async (request, response) => {
    response.json(await echo(request.body));
  });
  app.post('/accounts', async (request, response) => {
    response.json(await openAccount(house, request.body));
  });
  app.get('/switch', async (_request, response) => {
    house.noted.set('switching', currentFrame());
    response.json(await trySwitch(house.context));
  });
  app.get('/stream', (_request, response) => {
    house.noted.set('streaming', currentFrame());
    Readable.from(lines()).pipe(response);
  });
  app.get('/events', (_request, response) => {
    response.type('text/event-stream');
    Readable.from(events()).pipe(response);
  });
  app.get('/outlive', async (_request, response) => {
    response.send(await outliveClient(house, response));
  });
  app.get('/fail/:what', (request) => fail(request.params.what));
}
