/** A variable that must be set. */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Set ${name}`);
  return value;
}

/** Where a server listens: `US1_ADDRESS=127.0.0.1:3306`. */
export function endpoint(name: string): { host: string; port: number } {
  const [host = '', port = '3306'] = required(`${name}_ADDRESS`).split(':');
  return { host, port: Number(port) };
}

/** Asked for each new physical connection, so that a rotated password needs no restart. */
export function credentials(): { user: string; password: string } {
  return { user: required('DB_USER'), password: process.env['DB_PASSWORD'] ?? '' };
}

/** Which product the servers run: `DB_ENGINE=mysql`. Default: mariadb. */
export const engine = process.env['DB_ENGINE'] === 'mysql' ? 'mysql' : 'mariadb';

/** Where the queue's Redis listens: `REDIS_URL=redis://127.0.0.1:6379`. */
export function redis(): { host: string; port: number } {
  const { hostname, port } = new URL(required('REDIS_URL'));
  return { host: hostname, port: Number(port || '6379') };
}
