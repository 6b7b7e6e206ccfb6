import { randomBytes } from 'node:crypto';
import type { SwitchyardFleet } from '@switchyard/fleet';
import type { Tenant } from './traffic.ts';

const TENANTS_PER_SHARD = 4;

/** The service's own fleet, in the demo's process. Imported when its addresses are known. */
export async function serviceFleet(): Promise<SwitchyardFleet> {
  return (await import('../switchyard.config.ts')).default;
}

/** Assigns the demo's tenants to their shards and gives each an API key. Uses the service's config. */
export async function assignTenants(): Promise<Tenant[]> {
  const { directory, topology } = await serviceFleet();
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
  const { context, dataSource, topology } = await (await serviceFleet()).start();
  const { Template } = await import('../src/entities/template.ts');
  for (const { name } of topology.shards) {
    await context.onShard(name, () =>
      dataSource.getRepository(Template).insert({ id: 1, text: name }),
    );
  }
}

/** Closes what the demo's own process opened through the config. */
export async function closeConfig(): Promise<void> {
  await (await serviceFleet()).close();
}
