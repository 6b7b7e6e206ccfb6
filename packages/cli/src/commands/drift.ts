import { findDrift, type ShardDrift } from '@switchyard/migrator';
import { describeDifference } from '@switchyard/migrator/internal';
import type { Screen } from '../output/screen.ts';
import { table, wrapped } from '../output/table.ts';
import { sayTroubles } from '../output/troubles.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';

/** Options of `switchyard drift`. */
export interface DriftOptions {
  readonly only?: readonly string[] | undefined;
}

/** Compares the tables of the shards with one another and with the entities. Changes nothing. */
export async function drift(line: CommandLine, { only }: DriftOptions): Promise<ExitCode> {
  const { config, fleet, screen } = line;
  const drifts = await findDrift(fleet, {
    ...(config.entities !== undefined && { entities: config.entities }),
    only: only !== undefined && only.length > 0 ? only : undefined,
  });
  for (const one of drifts) screen.event({ event: 'shard-drift', ...one });
  if (!screen.json) show(screen, drifts);
  return drifts.every(isInOrder) ? EXIT.done : EXIT.pending;
}

function isInOrder({ state, entities = [] }: ShardDrift): boolean {
  return (state === 'same' || state === 'alone') && entities.length === 0;
}

function show(screen: Screen, drifts: readonly ShardDrift[]): void {
  const [head, ...rows] = table([
    ['shard', 'schema', 'like its siblings', 'differences'],
    ...drifts.map(({ shard, state, fingerprint = '', differences }) => [
      shard,
      fingerprint.slice(0, 8),
      screen.style(state === 'same' || state === 'alone' ? 'green' : 'red', state),
      differences.length === 0 ? '' : String(differences.length),
    ]),
  ]);
  screen.say(screen.style('dim', head ?? ''));
  for (const row of rows) screen.say(row);
  for (const one of drifts) sayDifferences(screen, one);
  sayEntities(screen, drifts);
  const failed = drifts.flatMap(({ shard, failure }) =>
    failure === undefined ? [] : [{ shard, ...failure }],
  );
  sayTroubles(screen, failed);
}

function sayDifferences(screen: Screen, { shard, sibling, differences, repair }: ShardDrift): void {
  if (sibling === undefined) return;
  screen.say();
  screen.say(`${screen.style('bold', shard)} beside ${sibling}`);
  for (const difference of differences) {
    const { here, there } = difference;
    const what = here === undefined || there === undefined || here.length + there.length < 60;
    const text = what ? describeDifference(difference) : subjectOf(difference);
    for (const one of wrapped(text, screen.columns, 2)) screen.say(one);
    if (what) continue;
    screen.say(screen.style('red', `    - ${here}`));
    screen.say(screen.style('green', `    + ${there}`));
  }
  screen.say(`  To be like ${sibling}, after a look at the rows that go:`);
  for (const sql of repair) screen.say(`    ${sql.replaceAll('\n', '\n    ')};`);
}

function subjectOf({ table: name, what, name: part }: ShardDrift['differences'][number]): string {
  return part === '' ? `${name}, ${what}:` : `${what} ${name}.${part}:`;
}

/** Shards of one schema lack the same of what the entities say. */
function sayEntities(screen: Screen, drifts: readonly ShardDrift[]): void {
  const groups = new Map<string, { shards: string[]; statements: readonly string[] }>();
  for (const { shard, entities = [] } of drifts) {
    if (entities.length === 0) continue;
    const group = groups.get(entities.join()) ?? { shards: [], statements: entities };
    group.shards.push(shard);
    groups.set(entities.join(), group);
  }
  for (const { shards, statements } of groups.values()) {
    screen.say();
    screen.say(`${screen.style('bold', shards.join(', '))} to be like the entities`);
    for (const sql of statements) screen.say(`    ${sql};`);
  }
}
