/** How the values of a column are read, written and compared without loss. */
export type ColumnFamily =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'double'
  | 'bit'
  | 'year'
  | 'date'
  | 'time'
  | 'datetime'
  | 'timestamp'
  | 'text'
  | 'bytes'
  | 'enum'
  | 'set'
  | 'json'
  | 'spatial'
  /** Written as the server prints it: UUID, INET6. */
  | 'printed';

/** A column, as the server declares it. */
export interface Column {
  readonly name: string;
  readonly family: ColumnFamily;
  /** As in information_schema: `bigint unsigned`, `varchar(20)`. */
  readonly type: string;
  readonly nullable: boolean;
  /** Character set and collation of text; undefined for other columns. */
  readonly charset: string | undefined;
  readonly collation: string | undefined;
  /** Digits after the point of a decimal, or of the seconds of a time; 0 where there are none. */
  readonly scale: number;
  /** Computed from others: never written by the copier. */
  readonly generated: boolean;
  readonly autoIncrement: boolean;
  /** True where an INSERT may leave the column out. */
  readonly hasDefault: boolean;
}

/** A unique index. */
export interface UniqueKey {
  readonly name: string;
  readonly parts: readonly UniqueKeyPart[];
}

/** A column of an index, or its first characters. */
export interface UniqueKeyPart {
  readonly column: Column;
  /** Characters that the index holds; undefined where it holds them all. */
  readonly prefix: number | undefined;
}

/** What the copier needs to know of a table. */
export interface TableDescription {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly Column[];
  /** The columns by which rows are distinguished: the primary key, else a unique not-null key. */
  readonly key: readonly Column[];
  /** The index of the key: `PRIMARY`, or its name. */
  readonly keyIndex: string;
  readonly uniqueKeys: readonly UniqueKey[];
  /** Changes when the table is emptied by TRUNCATE, dropped and made again, or rebuilt. */
  readonly incarnation: string;
}
