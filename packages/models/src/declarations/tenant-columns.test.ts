import 'reflect-metadata';
import { TenantNames, type TenantNamesDefinition } from '@switchyard/shard-context';
import { Column, DataSource, Entity, PrimaryColumn, type ColumnOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { Sharded } from './declare.ts';
import { fitNamesToColumns } from './tenant-columns.ts';

async function namesFor(
  column: ColumnOptions,
  definition: TenantNamesDefinition = {},
): Promise<TenantNames> {
  class Row {
    id!: number;
    tenant!: unknown;
  }
  PrimaryColumn({ type: 'int' })(Row.prototype, 'id');
  Column(column)(Row.prototype, 'tenant');
  Entity()(Row);
  Sharded({ tenant: 'tenant' })(Row);
  const options = { type: 'mariadb', database: 'd', entities: [Row], driver: {} } as const;
  const source = new DataSource(options as never);
  await (source as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  const names = new TenantNames(definition);
  fitNamesToColumns(source.entityMetadatas, names, source.driver);
  return names;
}

const refused = (column: ColumnOptions, definition?: TenantNamesDefinition) =>
  expect(namesFor(column, definition)).rejects.toMatchObject({ code: 'DECLARATION_INVALID' });

describe('a tenant column', () => {
  it.each<[string, ColumnOptions, string[], string[]]>([
    ['text', { type: 'varchar', length: 3 }, ['abc'], ['abcd', 'ABC']],
    ['a number', { type: 'int' }, ['0', '999999999'], ['041', '1e3', '9999999999', 'a']],
    ['a decimal', { type: 'decimal', precision: 5 }, ['41'], ['41.0', '041', '123456']],
    ['bytes', { type: 'binary', length: 2 }, ['00ff'], ['00FF', 'ff', '00ff00', 'xyz0']],
  ])('of %s allows the names that it keeps as they are', async (_what, column, good, bad) => {
    const names = await namesFor(column);
    expect([...good, ...bad].filter((name) => names.allows(name))).toEqual(good);
  });

  it.each<ColumnOptions>([
    { type: 'varchar', collation: 'utf8mb4_lithuanian_ci' },
    { type: 'varchar', collation: 'utf8mb4_roman_ci' },
    { type: 'varchar', collation: 'utf8mb4_hu_0900_ai_ci' },
    { type: 'varchar', collation: 'macce_general_nopad_ci' },
    { type: 'decimal', precision: 10, scale: 2 },
    { type: 'double' },
    { type: 'boolean' },
    { type: 'datetime' },
    { type: 'json' },
    { type: 'enum', enum: ['a', 'b'] },
  ])('is refused at start-up as %j, which takes two names for one', (column) => refused(column));

  it('needs a binary collation where the fleet allows any character', async () => {
    const any = { pattern: /^\w+$/, anyCharacter: true };
    await refused({ type: 'varchar' }, any);
    await refused({ type: 'varchar', collation: 'utf8mb4_0900_as_cs' }, any);
    const names = await namesFor({ type: 'varchar', collation: 'utf8mb4_bin' }, any);
    expect(names.allows('ACME')).toBe(true);
  });
});
