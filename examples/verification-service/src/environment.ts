/** A variable that must be set. */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Set ${name}`);
  return value;
}

/** Where the queue's Redis listens: `REDIS_URL=redis://127.0.0.1:6379`. */
export function redis(): { host: string; port: number } {
  const { hostname, port } = new URL(required('REDIS_URL'));
  return { host: hostname, port: Number(port || '6379') };
}
