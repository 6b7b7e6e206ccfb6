import { Sharded } from '@switchyard/models';
import { Column, Entity, PrimaryColumn, type ColumnOptions } from 'typeorm';

/** Column types of both servers, and values at their extremes. */
const TYPES: Readonly<Record<string, readonly [ColumnOptions, readonly unknown[]]>> = {
  tiny: [{ type: 'tinyint' }, [-128, 127, 0]],
  flag: [{ type: 'boolean' }, [true, false]],
  small: [{ type: 'smallint', unsigned: true }, [0, 65_535]],
  medium: [{ type: 'mediumint' }, [-8_388_608, 8_388_607]],
  whole: [{ type: 'int' }, [-2_147_483_648, 2_147_483_647]],
  big: [{ type: 'bigint' }, ['-9223372036854775808', '9223372036854775807', '9007199254740993']],
  bigger: [{ type: 'bigint', unsigned: true }, ['18446744073709551615', '0', '1']],
  price: [
    { type: 'decimal', precision: 30, scale: 10 },
    ['12345678901234567890.0123456789', '-0.0000000001', '0.0000000000'],
  ],
  half: [{ type: 'double' }, [0.1, 1.7976931348623157e308, -5e-324]],
  code: [{ type: 'varchar', length: 64 }, ['É', 'a  ', '', 'o\'b\\"', '你好 🚂']],
  fixed: [{ type: 'char', length: 8 }, ['ab', 'AB  ', '']],
  story: [{ type: 'mediumtext' }, ['x'.repeat(70_000), '']],
  kind: [{ type: 'enum', enum: ['1', 'b', 'C'] }, ['1', 'b', 'C']],
  day: [{ type: 'date' }, ['2024-02-29', '1000-01-01', '9999-12-31']],
  moment: [{ type: 'datetime', precision: 6 }, ['2024-02-29 12:00:00.123456', '1000-01-01']],
  stamp: [{ type: 'timestamp', precision: 3 }, ['2001-09-09 01:46:40.5', '2037-01-01 00:00:00']],
  raw: [{ type: 'varbinary', length: 16 }, [Buffer.from([0, 255, 39]), Buffer.alloc(0)]],
  list: [{ type: 'simple-array' }, ['a,b', '']],
  doc: [{ type: 'simple-json' }, ['{"a":[1,null]}', '"x"', '0']],
};

/** Types of which binary rows give other values than text rows, so that they are read as text. */
const TEXT_ONLY: typeof TYPES = {
  single: [{ type: 'float' }, [0.1, 3.4e38, 16_777_217]],
  clock: [{ type: 'time', precision: 3 }, ['-838:59:59', '00:00:00.5', '23:59:59']],
  vintage: [{ type: 'year' }, [1901, 2155]],
  bits: [{ type: 'bit' }, [Buffer.from([1]), Buffer.from([0])]],
  json: [{ type: 'json' }, ['{"a": 1.50}', '[1]', '"text"', 'null', '12']],
  labels: [{ type: 'set', enum: ['x', 'y'] }, ['x,y', '', 'y']],
};

/** A row as plain SQL writes it. */
export type PlainRow = Readonly<Record<string, unknown>>;

/** Rows with every value of every type, and one of NULLs, numbered from 1; every third is deleted. */
export function rowsOf(types: typeof TYPES, tenant: string): PlainRow[] {
  const count = Math.max(...Object.values(types).map(([, values]) => values.length));
  return Array.from({ length: count + 1 }, (_, i) => {
    const row: Record<string, unknown> = { id: i + 1, tenantId: tenant };
    row['deletedAt'] = i % 3 === 2 ? '2024-01-01 00:00:00' : null;
    for (const [name, [, values]] of Object.entries(types)) {
      row[name] = i === count ? null : values[i % values.length];
    }
    return row;
  });
}

function entityOf(name: string, types: typeof TYPES): new () => Record<string, unknown> {
  class Everything {
    [property: string]: unknown;
  }
  Object.defineProperty(Everything, 'name', { value: name });
  Entity(name.toLowerCase())(Everything);
  PrimaryColumn({ type: 'bigint' })(Everything.prototype, 'id');
  Column({ type: 'varchar', length: 64 })(Everything.prototype, 'tenantId');
  for (const [column, [options]] of Object.entries(types)) {
    Column({ ...options, nullable: true })(Everything.prototype, column);
  }
  Column({ type: 'datetime', nullable: true, name: 'deletedAt' })(Everything.prototype, 'gone');
  Sharded({ tenant: 'tenantId' })(Everything);
  return Everything;
}

/** Entities with their rows: one of types that are read prepared, one of types read as text. */
export const Same = entityOf('Same', TYPES);
export const Text = entityOf('TextOnly', TEXT_ONLY);
export const KINDS = [
  { entity: Same, table: 'same', types: TYPES },
  { entity: Text, table: 'textonly', types: TEXT_ONLY },
] as const;
