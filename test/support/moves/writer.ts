import { appendFileSync } from 'node:fs';
import { isSwitchyardError } from '@switchyard/shard-context';
import { Entry, TENANT } from './entry.ts';
import { openStage, type StageSpec } from './stage.ts';

/*
 * A process of writers. Each writes for one tenant through the router until stdin ends, and notes
 * in the log the acknowledged writes (`A`), those that may have been written (`U`), and the refused
 * ones (`F`). The audit relies on the log, so a line is written after the answer and at once.
 */
const [specText, log, name, count] = process.argv.slice(2) as [string, string, string, string];
const stage = await openStage(JSON.parse(specText) as StageSpec);
let running = true;
process.stdin.on('data', () => undefined);
process.stdin.on('end', () => (running = false));

const note = (line: string) => appendFileSync(log, `${line}\n`);
const entries = () => stage.dataSource.getRepository(Entry);
const entry = (id: string) => ({ id, tenantId: TENANT, value: 0 });

/** One kind of write: the ids that it makes, `+id` for one that is counted up. */
type Kind = (base: string, counter: string) => { ids: string[]; work: () => Promise<unknown> };

const kinds: readonly Kind[] = [
  (base) => ({ ids: [base], work: () => entries().insert(entry(base)) }),
  (base) => ({ ids: [base], work: () => entries().save(entry(base)) }),
  (base) => ({
    ids: [`${base}-a`, `${base}-b`, `${base}-c`],
    work: () => entries().insert(['a', 'b', 'c'].map((part) => entry(`${base}-${part}`))),
  }),
  (_base, counter) => ({
    ids: [`+${counter}`],
    work: () => entries().increment({ id: counter }, 'value', 1),
  }),
  (_base, counter) => ({
    ids: [`+${counter}`],
    work: () =>
      stage.dataSource.query('UPDATE entry SET value = value + 1 WHERE id = ?', [counter]),
  }),
  (base, counter) => ({
    ids: [base, `${base}-2`, `+${counter}`],
    work: () =>
      stage.dataSource.transaction(async (manager) => {
        await manager.insert(Entry, entry(base));
        if (Math.random() < 0.2) await new Promise((resolve) => setTimeout(resolve, 20));
        await manager.insert(Entry, entry(`${base}-2`));
        await manager.increment(Entry, { id: counter }, 'value', 1);
      }),
  }),
];

async function write(writer: string): Promise<void> {
  const counter = `counter-${writer}`;
  await repeatedly(() =>
    stage.router.onTenant(TENANT, () => entries().upsert(entry(counter), ['id']), {
      repeatable: true,
    }),
  );
  for (let i = 0; running; i++) {
    const kind = kinds[i % kinds.length]!;
    const { ids, work } = kind(`${writer}-${i}`, counter);
    try {
      await stage.router.onTenant(TENANT, work, { repeatable: true });
      note(`A ${ids.join(' ')}`);
    } catch (error) {
      const code = isSwitchyardError(error) ? error.code : String(error);
      note(code === 'OUTCOME_UNKNOWN' ? `U ${ids.join(' ')}` : `F ${code}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

async function repeatedly(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const writers = Array.from({ length: Number(count) }, (_, i) => write(`${name}${i}`));
process.stdout.write('ready\n');
await Promise.all(writers);
await stage.close();
