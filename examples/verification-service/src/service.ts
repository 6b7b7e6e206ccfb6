import { currentFrame } from '@switchyard/shard-context';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import Fastify, { type FastifyRequest } from 'fastify';
import { context, dataSource, directory } from '../switchyard.config.ts';
import { Template } from './entities/template.ts';
import { Inquiry } from './entities/inquiry.ts';
import { openInquiry } from './open-inquiry.ts';
import { repeated } from './repeated.ts';
import { VerifyQueue } from './verify-queue.ts';

const queue = new VerifyQueue();
const app = Fastify();

app.register(fastifyShardContext, { locator: directory, context, keyOf });
app.setErrorHandler(fastifyShardErrors);

function keyOf(request: FastifyRequest) {
  const value = request.headers['x-api-key'];
  return typeof value === 'string' ? { kind: 'api-key', value } : undefined;
}

app.addHook('preHandler', async (_request, reply) => {
  if (currentFrame() === undefined) {
    await reply.code(401).send({ title: 'Send your API key in the header x-api-key' });
  }
});

app.post<{ Body: { reference: string } }>('/inquiries', async (request, reply) => {
  const inquiry = await repeated(() => openInquiry(request.body.reference, queue));
  return reply.code(201).send({ id: inquiry.id, servedBy: await servedBy() });
});

app.get<{ Params: { id: string } }>('/inquiries/:id', async (request, reply) => {
  const inquiry = await dataSource.getRepository(Inquiry).findOneBy({ id: request.params.id });
  return inquiry ?? reply.code(404).send({ title: 'No such inquiry' });
});

app.get('/templates', () => dataSource.getRepository(Template).find());

/** Template 1 has the same id on all shards and names its shard. */
async function servedBy(): Promise<string> {
  const template = await dataSource.getRepository(Template).findOneByOrFail({ id: 1 });
  return template.text;
}

await dataSource.initialize();
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) });
console.log('service ready');

process.once('SIGTERM', () => {
  void app
    .close()
    .then(() => queue.close())
    .then(() => Promise.all([dataSource.destroy(), directory.close()]));
});
