import { randomBytes } from 'node:crypto';
import type { Tenant } from './traffic.ts';

const TENANTS_PER_SHARD = 4;

/** Assigns the demo's tenants to their shards and gives each an API key. Uses the service's config. */
export async function assignTenants(): Promise<Tenant[]> {
  const { directory, topology } = await import('../switchyard.config.ts');
  const tenants: Tenant[] = [];
  for (const { name: shard } of topology.shards) {
    for (let n = 1; n <= TENANTS_PER_SHARD; n++) {
      const tenant = {
        name: `${shard}-customer-${n}`,
        shard,
        key: randomBytes(16).toString('hex'),
      };
      await directory.assign(tenant.name, { shard });
      await directory.addKey({ kind: 'api-key', value: tenant.key }, tenant.name);
      tenants.push(tenant);
    }
  }
  return tenants;
}

/** Writes the reference rows: equal ids on all shards, with a text that names the shard. */
export async function writeTemplates(): Promise<void> {
  const { context, dataSource, topology } = await import('../switchyard.config.ts');
  const { Template } = await import('../src/entities/template.ts');
  await dataSource.initialize();
  for (const { name } of topology.shards) {
    await context.onShard(name, () =>
      dataSource.getRepository(Template).insert({ id: 1, text: name }),
    );
  }
}

/** Closes what the demo's own process opened through the config. */
export async function closeConfig(): Promise<void> {
  const { dataSource, directory } = await import('../switchyard.config.ts');
  if (dataSource.isInitialized) await dataSource.destroy();
  await directory.close();
}
