import { closingBracket, quotedName, tableText, type TableText } from './table-text.ts';

/** Default collations that are not called `<character set>_general_ci`; the same on both servers. */
const DEFAULT_COLLATIONS: ReadonlyMap<string, string> = new Map([
  ['binary', 'binary'],
  ['latin1', 'latin1_swedish_ci'],
  ['swe7', 'swe7_swedish_ci'],
  ['dec8', 'dec8_swedish_ci'],
  ['hp8', 'hp8_english_ci'],
  ['big5', 'big5_chinese_ci'],
  ['gb2312', 'gb2312_chinese_ci'],
  ['gbk', 'gbk_chinese_ci'],
  ['gb18030', 'gb18030_chinese_ci'],
  ['sjis', 'sjis_japanese_ci'],
  ['cp932', 'cp932_japanese_ci'],
  ['ujis', 'ujis_japanese_ci'],
  ['eucjpms', 'eucjpms_japanese_ci'],
  ['euckr', 'euckr_korean_ci'],
  ['tis620', 'tis620_thai_ci'],
]);

const TEXT_TYPE = /^(?:var)?char\b|^(?:tiny|medium|long)?text\b|^enum\b|^set\b/i;
const CHARACTERS = /^(?: CHARACTER SET (\w+))?(?: COLLATE (\w+))?/;
const TABLE_CHARACTERS = / DEFAULT CHARSET=(\w+)(?: COLLATE=(\w+))?/;
const NO_ACTION = / ON (?:DELETE|UPDATE) (?:RESTRICT|NO ACTION)/g;
const ACTIONS = /(?: ON (?:DELETE|UPDATE) (?:RESTRICT|NO ACTION|CASCADE|SET NULL|SET DEFAULT))+$/;

/**
 * A definition in one form for all that mean the same. A text column has its character set and
 * collation, inherited or not: MySQL writes an inherited collation shorter than one that was given,
 * so that a table made from its own `SHOW CREATE TABLE` reads otherwise. `RESTRICT` and `NO ACTION`
 * are what a foreign key does without a word, and each server writes them when it likes. Keys and
 * constraints are in the order of their texts, `USING BTREE` is left out (InnoDB has nothing else),
 * and so is the next AUTO_INCREMENT value. A text that is no table's definition means itself.
 */
export function meaningOf(definition: string): string {
  const text = tableText(definition);
  if (text === undefined) return definition;
  const { columns, others } = plainParts(text);
  const options = text.options.replace(TABLE_CHARACTERS, ` COLLATE=${tableCollation(text)}`);
  const lines = [...columns].map(([name, column]) => `\`${name.replaceAll('`', '``')}\` ${column}`);
  return [...lines, ...[...others].sort(), options, text.partitions].join('\n');
}

/** Columns and other parts of a definition, each in the one form for what it means. */
export function plainParts(text: TableText): Pick<TableText, 'columns' | 'others'> {
  const inherited = tableCollation(text);
  const columns = [...text.columns].map(
    ([name, column]) => [name, plainColumn(column, inherited)] as const,
  );
  return { columns: new Map(columns), others: text.others.map(plainOther) };
}

function plainColumn(column: string, inherited: string): string {
  if (!TEXT_TYPE.test(column)) return column;
  const typeEnd = /^\w+(?=\()/.test(column)
    ? closingBracket(column, column.indexOf('(')) + 1
    : (/^\w+/.exec(column)?.[0].length ?? 0);
  const rest = column.slice(typeEnd);
  const [written = '', charset, collation] = CHARACTERS.exec(rest) ?? [];
  const actual = plainCollation(collation ?? defaultCollation(charset) ?? inherited);
  const characters = ` CHARACTER SET ${actual.split('_')[0]} COLLATE ${actual}`;
  return column.slice(0, typeEnd) + characters + rest.slice(written.length);
}

function plainOther(line: string): string {
  if (line.startsWith('CONSTRAINT ')) {
    if (!(quotedName(line.slice('CONSTRAINT '.length))?.rest ?? '').startsWith(' FOREIGN KEY '))
      return line;
    return line.replace(ACTIONS, (actions) => actions.replaceAll(NO_ACTION, ''));
  }
  const close = closingBracket(line, columnsStart(line));
  return line.slice(0, close + 1) + line.slice(close + 1).replace(/^ USING BTREE/, '');
}

/** Where the list of columns of a key opens; its name may have brackets, too. */
function columnsStart(line: string): number {
  const named = /^(?:\w+ )*?KEY (?=[`"])/.exec(line)?.[0];
  if (named === undefined) return line.indexOf('(');
  const rest = quotedName(line.slice(named.length))?.rest ?? '';
  return line.length - rest.length + rest.indexOf('(');
}

/** The collation that columns of the table have where they say nothing. */
function tableCollation({ options }: TableText): string {
  const [, charset, collation] = TABLE_CHARACTERS.exec(options) ?? [];
  return plainCollation(collation ?? defaultCollation(charset) ?? '');
}

function defaultCollation(charset: string | undefined): string | undefined {
  if (charset === undefined) return undefined;
  return DEFAULT_COLLATIONS.get(charset) ?? `${charset}_general_ci`;
}

/** Older servers call utf8mb3 utf8. */
function plainCollation(collation: string): string {
  return collation.replace(/^utf8(?=_)/, 'utf8mb3');
}

/** The name of a key or constraint; undefined for the primary key. */
export function nameOfLine(line: string): string | undefined {
  const head = /^(?:(?:\w+ )?KEY |CONSTRAINT )(?=[`"])/.exec(line)?.[0];
  return head === undefined ? undefined : quotedName(line.slice(head.length))?.name;
}

/** The table that a foreign key's line refers to; undefined for other lines. */
export function parentOf(line: string): string | undefined {
  if (!line.startsWith('CONSTRAINT ')) return undefined;
  const rest = quotedName(line.slice('CONSTRAINT '.length))?.rest ?? '';
  if (!rest.startsWith(' FOREIGN KEY (')) return undefined;
  const close = closingBracket(rest, rest.indexOf('('));
  return quotedName(rest.slice(close + 1).replace(/^ REFERENCES /, ''))?.name;
}
