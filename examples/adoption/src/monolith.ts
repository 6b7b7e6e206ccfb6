import { DataSource } from 'typeorm';
import { migrations } from './migrations.ts';

/** The application as it was: one plain DataSource, TypeORM's own `runMigrations`. */
export function monolith(url: string): DataSource {
  const { hostname, port, username, password, pathname } = new URL(url);
  return new DataSource({
    type: 'mysql',
    host: hostname,
    port: Number(port),
    username,
    password,
    database: pathname.slice(1),
    migrations,
  });
}
