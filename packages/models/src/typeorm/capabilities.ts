import type { Topology } from '@switchyard/shard-context';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';

/** MysqlDriver keeps these two to itself and sets them when it connects; we connect later. */
interface Flags {
  _isReturningSqlSupported: { insert: boolean; delete: boolean };
  uuidColumnTypeSuported: boolean;
}

/**
 * Gives a driver the capabilities that every declared server has. TypeORM asks the driver of the
 * data source for some and that of the runner for others, and where the two differ default columns
 * are silently missing after an insert: so all drivers of a fleet get the same answer.
 */
export function applyCapabilities(driver: MysqlDriver, topology: Topology): void {
  const versions = topology.servers.map(({ minVersion }) => minVersion);
  const version = versions.sort(byVersion)[0] ?? '8.4.0';
  const isMariaDb = driver.options.type === 'mariadb';
  const flags = driver as unknown as Flags;
  driver.version = version;
  driver.cteCapabilities.enabled = true; // MySQL 8.0, MariaDB 10.2
  flags._isReturningSqlSupported.delete = isMariaDb;
  flags._isReturningSqlSupported.insert = isMariaDb && byVersion(version, '10.5.0') >= 0;
  flags.uuidColumnTypeSuported = isMariaDb && byVersion(version, '10.7.0') >= 0;
}

function byVersion(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < 3; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
