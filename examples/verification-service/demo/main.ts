import { setTimeout as pause } from 'node:timers/promises';
import { askBadly, type Answer } from './answers.ts';
import { auditShard, jobsPending, type ShardAudit } from './audit.ts';
import { endAll, startProgram, startService, switchyard } from './processes.ts';
import { bold, dim, green, red, say, step, table } from './screen.ts';
import { startDemoServers, type DemoServers } from './servers.ts';
import { assignTenants, closeConfig, writeTemplates } from './tenants.ts';
import { Traffic, type Tenant } from './traffic.ts';

const keep = process.argv.includes('--keep');
const json = process.argv.includes('--json');
const MIGRATIONS = 2;
const DRAIN_WITHIN_MS = 30_000;
const HEARD_WITHIN_MS = 1000;
const started = Date.now();

/** What the demo ends with. */
interface Shown {
  readonly ok: boolean;
  readonly url: string;
  readonly tenants: readonly Tenant[];
}

/** The whole line: servers, schema, tenants, requests, jobs, a second schema, and the audit. */
async function demo(servers: DemoServers): Promise<Shown> {
  const { env } = servers;
  Object.assign(process.env, env); // the config reads its addresses from the environment
  step(1, 'Prepare three shards and bring them to the first schema');
  await switchyard(['prepare'], env);
  await switchyard(['migrate', '--to', 'FirstSchema1790000000000'], env);

  step(2, 'Assign tenants to shards; their API keys are stored hashed');
  const tenants = await assignTenants();
  await writeTemplates();
  say(`${tenants.length} tenants on ${servers.shards.length} shards`);

  step(3, 'Requests of all tenants at once, for the rest of the demo');
  const { url, traffic } = await startTraffic(env, tenants);
  const answers = await askBadly(url, tenants[0] as Tenant, servers.core);
  showAnswers(answers);

  step(4, 'Each inquiry enqueued a job; the worker restores its context');
  await startProgram('src/worker.ts', env);
  await traffic.reached(300);
  say(`${traffic.acknowledged.length} inquiries so far`);

  step(5, 'A schema change while requests and jobs flow');
  await switchyard(['migrate'], env); // shows its plan first
  await traffic.reached(traffic.acknowledged.length + 300);
  await traffic.stop();

  step(6, 'Audit over plain connections');
  await drain(servers);
  const ok = await showAudit(servers, tenants, traffic, answers);
  return { ok, url, tenants };
}

async function startTraffic(env: Readonly<Record<string, string>>, tenants: readonly Tenant[]) {
  const { url } = await startService(env);
  const traffic = new Traffic(url, tenants);
  traffic.start();
  await traffic.reached(tenants.length * 2); // every tenant is in the service's cache now
  return { url, traffic };
}

function showAnswers(answers: readonly Answer[]): void {
  table([
    ['request', 'expected', 'answer'],
    ...answers.map(({ request, expected, status }) => [request, expected, status]),
  ]);
}

/** Waits until no inquiry waits for its job any more; what is still open then shows in the audit. */
async function drain(servers: DemoServers): Promise<void> {
  const until = Date.now() + DRAIN_WITHIN_MS;
  for (const shard of servers.shards) {
    while ((await jobsPending(shard)) && Date.now() < until) await pause(100);
  }
}

async function showAudit(
  servers: DemoServers,
  tenants: readonly Tenant[],
  traffic: Traffic,
  answers: readonly Answer[],
): Promise<boolean> {
  const audits = await Promise.all(
    servers.shards.map((shard) => auditShard(shard, tenants, traffic.acknowledged)),
  );
  table([
    [
      'shard',
      'tenants',
      'accounts',
      'inquiries',
      'documents',
      'misrouted',
      'lost',
      'jobs off',
      'migrations',
    ],
    ...audits.map((audit) => Object.values(audit) as (string | number)[]),
  ]);
  const wrongAnswers = answers.filter(({ expected, status }) => expected !== status).length;
  const ok = audits.every(isRight) && traffic.failures.length === 0 && wrongAnswers === 0;
  for (const failure of traffic.failures.slice(0, 5)) say(red(failure));
  const seconds = Math.round((Date.now() - started) / 1000);
  const figures = `${traffic.requests} requests, ${traffic.failures.length} failed, ${wrongAnswers} wrong answers, ${seconds} s`;
  say(`${ok ? green('all right') : red('something is off')}: ${figures}`);
  if (json)
    console.log(
      JSON.stringify({
        ok,
        seconds,
        requests: traffic.requests,
        failed: traffic.failures.length,
        wrongAnswers,
        acknowledged: traffic.acknowledged.length,
        shards: audits,
      }),
    );
  return ok;
}

/** Every row at home, every job's effect once, every ledger complete. */
function isRight(audit: ShardAudit): boolean {
  const { misrouted, lost, jobsOff, migrations, inquiries, documents } = audit;
  return (
    misrouted + lost + jobsOff === 0 &&
    inquiries > 0 &&
    documents === inquiries &&
    migrations === MIGRATIONS
  );
}

async function keepRunning(
  { url, tenants }: Shown,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const key = tenants[0]?.key ?? '';
  console.log(`\n${bold('Everything keeps running; Ctrl-C ends it.')}`);
  say(`curl -s -H 'x-api-key: ${key}' ${url}/templates`);
  say(
    `curl -s -H 'x-api-key: ${key}' -H 'content-type: application/json' -d '{"reference":"me"}' ${url}/inquiries`,
  );
  const variables = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  say(dim('The fleet:'));
  say(`(cd examples/verification-service && ${variables.join(' ')} npx switchyard status)`);
  await interrupted;
}

/** Settles on Ctrl-C, so that everything is ended in order whenever it comes. */
const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => resolve('interrupted')); // stays: a second Ctrl-C must not cut the end short
  }
});

/**
 * What the work ends with, unless Ctrl-C came before. It goes to our children as well: one of them may
 * have died of it, and failed the work, before we hear of it ourselves.
 */
async function unlessInterrupted<T>(work: Promise<T>): Promise<T | 'interrupted'> {
  try {
    return await Promise.race([work, interrupted]);
  } catch (error) {
    if ((await Promise.race([interrupted, pause(HEARD_WITHIN_MS)])) !== undefined) {
      return 'interrupted';
    }
    throw error;
  }
}

async function main(): Promise<void> {
  console.log(bold('Switchyard: requests, jobs and a schema change over three real shards'));
  const servers = await unlessInterrupted(startDemoServers());
  if (servers === 'interrupted') process.exit(130); // servers under way end with their starter
  say(servers.versions);
  try {
    const shown = await unlessInterrupted(demo(servers));
    if (shown === 'interrupted') process.exitCode = 130;
    else process.exitCode = shown.ok ? 0 : 1;
    if (keep && shown !== 'interrupted') await keepRunning(shown, servers.env);
  } finally {
    await endAll();
    await closeConfig().catch(() => undefined); // the servers go next, whatever it says
    await servers.stop();
  }
  process.exit(); // requests that were under way when it was interrupted are not waited for
}

await main();
