import type { SessionDefinition } from '@switchyard/shard-context';
import type { Connection, RowDataPacket } from 'mysql2/promise';

/** What a database gives to sessions that ask for nothing. */
export interface GivenSession {
  /** Undefined where the zone is that of the machine, and no name and no offset means the same. */
  readonly timeZone: string | undefined;
  readonly sqlMode: string;
  /** True where the server runs a statement at each log-in that sets zone or mode as well. */
  readonly isChangedAtLogin: boolean;
}

const GIVEN = `SELECT @@GLOBAL.time_zone AS zone, @@GLOBAL.sql_mode AS mode,
  @@GLOBAL.init_connect AS at_login, @@system_time_zone AS machine,
  TIME_FORMAT(TIMEDIFF(CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM'), UTC_TIMESTAMP()), '%H:%i') AS off`;

/** Offsets and names that have meant the machine's own time in every month from 1971 to 2037. */
const SAME_AS_SYSTEM = `WITH RECURSIVE months AS (
    SELECT 0 AS n UNION ALL SELECT n + 1 FROM months WHERE n < 800
  ), instants AS (SELECT TIMESTAMP('1971-01-15') + INTERVAL n MONTH AS at FROM months)
  SELECT zones.name FROM JSON_TABLE(?, '$[*]' COLUMNS (
    place FOR ORDINALITY, name VARCHAR(64) PATH '$')) AS zones CROSS JOIN instants
  WHERE CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', zones.name) = CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM')
  GROUP BY zones.place, zones.name
  HAVING MIN(CONVERT_TZ(at, '+00:00', zones.name) <=> CONVERT_TZ(at, '+00:00', 'SYSTEM')) = 1
  ORDER BY zones.place LIMIT 1`;

/**
 * What the server gives to a new session today; the zone `SYSTEM` as an offset where it has no
 * summer time, else as the name of a zone with the same history. The character set is not asked for:
 * the client brings it.
 */
export async function askSession(connection: Connection): Promise<GivenSession> {
  const [[given]] = await connection.query<RowDataPacket[]>(GIVEN);
  const { zone, mode, at_login: atLogin, machine, off } = given as Record<string, string>;
  const isSystem = String(zone).toUpperCase() === 'SYSTEM';
  return {
    timeZone: isSystem ? await zoneOfMachine(connection, signed(off), machine) : String(zone),
    sqlMode: String(mode),
    isChangedAtLogin: /time_zone|sql_mode/i.test(atLogin ?? ''),
  };
}

async function zoneOfMachine(
  connection: Connection,
  offset: string,
  machine: string | undefined,
): Promise<string | undefined> {
  const named = [
    ...(machine === undefined ? [] : [machine]),
    ...Intl.supportedValuesOf('timeZone'),
  ];
  // Ours first: it needs no tables, and most machines run in UTC.
  for (const names of [[offset], named]) {
    const [rows] = await connection.query<RowDataPacket[]>(SAME_AS_SYSTEM, [JSON.stringify(names)]);
    const found = rows[0]?.['name'] as string | undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function signed(offset: string | undefined): string {
  return offset?.startsWith('-') === true ? offset : `+${offset ?? '00:00'}`;
}

/** The part of it that is written down. */
export function asDefinition({ timeZone, sqlMode }: GivenSession): SessionDefinition {
  return { ...(timeZone !== undefined && { timeZone }), sqlMode };
}
