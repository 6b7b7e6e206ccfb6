import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

describe('adoption', () => {
  let fleet: MigratedFleet;
  beforeEach(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1'] });
    await fleet.rows(
      'us1',
      'CREATE TABLE migrations (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, timestamp BIGINT NOT NULL, name VARCHAR(255) NOT NULL)',
    );
    await fleet.rows(
      'us1',
      'CREATE TABLE customer (id VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY)',
    );
    await fleet.rows('us1', "INSERT INTO customer VALUES ('acme'), ('ACME')");
  });
  afterEach(() => fleet.stop());

  it('is refused where names of tenants differ in case, and lists them', async () => {
    const { code, events } = await fleet.json(['adopt', '--tenants-from-table', 'customer.id']);
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({ event: 'error', code: 'ADOPTION_REFUSED' });
    expect(JSON.stringify(events.at(-1))).toContain(
      'names that the fleet does not allow for tenants (ACME)',
    );
    expect(await fleet.rows('us1', "SHOW TABLES LIKE 'shard_tenant'")).toEqual([]);
  });

  it.each(['["acme"', '[{"id": 1}]', '[null]'])('refuses a file of tenants %s', async (text) => {
    const path = join(fleet.folder, 'tenants');
    await writeFile(path, text);
    const { code, events } = await fleet.json(['adopt', '--tenants-from-file', path]);
    expect(events.at(-1)).toMatchObject({ event: 'error', code: 'ADOPTION_REFUSED' });
    expect(code).toBe(1);
  });

  it('refuses --tenant without a name', async () => {
    const { code } = await fleet.json(['adopt', '--tenant']);
    expect(code).toBe(2);
    expect(await fleet.rows('us1', "SHOW TABLES LIKE 'shard_tenant'")).toEqual([]);
  });

  it('refuses a name that the directory cannot keep, before anything is written', async () => {
    await fleet.rows('us1', 'INSERT INTO customer VALUES (?)', ['☃'.repeat(100)]);
    const { events } = await fleet.json(['adopt', '--tenants-from-table', 'customer.id']);
    expect(events.at(-1)).toMatchObject({ event: 'error', code: 'ADOPTION_REFUSED' });
  });
});
