import type { DataSource, DataSourceOptions } from 'typeorm';

/** Which columns the application's entities use, by table. */
export type EntityColumns = ReadonlyMap<string, ReadonlySet<string>>;

/** The tables and columns of entities, by their names in the database. */
export async function entityColumns(
  entities: DataSourceOptions['entities'],
  engine: 'mysql' | 'mariadb',
): Promise<EntityColumns> {
  if (entities === undefined) return new Map();
  const source = await metadataSource(entities, engine);
  return new Map(
    source.entityMetadatas.map((metadata) => [
      metadata.tableName,
      new Set(metadata.columns.map((column) => column.databaseName)),
    ]),
  );
}

/** A data source that has its metadata and never connects. */
export async function metadataSource(
  entities: NonNullable<DataSourceOptions['entities']>,
  engine: 'mysql' | 'mariadb',
): Promise<DataSource> {
  const { DataSource: Source } = await import('typeorm');
  // TypeORM's validator wants a database name, though none is ever opened.
  const database = 'entities';
  const source = new Source({ type: engine, database, entities, driver: {}, logging: false });
  await buildMetadatas(source);
  return source;
}

/** TypeORM builds metadata without a connection, but calls that protected. */
async function buildMetadatas(source: DataSource): Promise<void> {
  await (source as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
}
