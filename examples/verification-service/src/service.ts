import { once } from 'node:events';
import { currentTenant, start } from '@switchyard/fleet';
import { queue } from '@switchyard/fleet/bullmq';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import { keyInHeader } from '@switchyard/shard-context/http';
import Fastify from 'fastify';
import definition from '../switchyard.config.ts';
import { Template } from './entities/template.ts';
import { Inquiry } from './entities/inquiry.ts';
import { openInquiry } from './open-inquiry.ts';
import { repeated } from './repeated.ts';
import { VERIFY, type VerifyJob } from './verify-job.ts';

await using fleet = await start(definition);
const { dataSource } = fleet;
/** Jobs are sent after the commit of the transaction in which they were added. */
const jobs = queue<VerifyJob>(fleet, VERIFY, {
  defaultJobOptions: { attempts: 5, backoff: { type: 'exponential', delay: 100 } },
});
const app = Fastify();

app.register(fastifyShardContext, { ...fleet.routing, keyOf: keyInHeader('x-api-key') });
app.setErrorHandler(fastifyShardErrors);

app.addHook('preHandler', async (_request, reply) => {
  if (currentTenant() === undefined) {
    await reply.code(401).send({ title: 'Send your API key in the header x-api-key' });
  }
});

app.post<{ Body: { reference: string } }>('/inquiries', async (request, reply) => {
  const { reference } = request.body;
  const inquiry = await repeated(() => openInquiry(reference, { dataSource, queue: jobs }));
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

await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) });
console.log('service ready');

await once(process, 'SIGTERM');
await app.close();
