import { describe, expect, it } from 'vitest';
import { columnLines, engineOf, otherLines, parentsOf } from './definition.ts';
import { meaningOf, nameOfLine } from './table-meaning.ts';
import { withoutCounter } from './table-text.ts';

const table = (lines: readonly string[], options: string) =>
  `CREATE TABLE \`t\` (\n  ${lines.join(',\n  ')}\n) ${options}`;

const UNICODE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';

describe('the meaning of a definition', () => {
  it.each([
    ['inherited', '`a` varchar(20) DEFAULT NULL'],
    ['inherited, as MySQL writes it', '`a` varchar(20) COLLATE utf8mb4_unicode_ci DEFAULT NULL'],
    ['given', '`a` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci DEFAULT NULL'],
  ])('has one collation for a column, %s', (_how, line) => {
    expect(meaningOf(table([line], UNICODE))).toBe(
      meaningOf(table(['`a` varchar(20) DEFAULT NULL'], UNICODE)),
    );
  });

  it.each([
    ["`e` enum('a)','b COLLATE x') NOT NULL", "enum('a)','b COLLATE x') CHARACTER SET"],
    ['`a` tinytext', 'tinytext CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci'],
    ['`a` varchar(9) CHARACTER SET latin1', 'CHARACTER SET latin1 COLLATE latin1_swedish_ci'],
    ['`a` text CHARACTER SET utf8 COLLATE utf8_bin', 'CHARACTER SET utf8mb3 COLLATE utf8mb3_bin'],
  ])('spells the characters of %s out', (line, expected) => {
    expect([...columnLines(table([line], UNICODE)).values()][0]).toContain(expected);
  });

  it('differs where the collation differs, inherited or not', () => {
    const line = '`a` varchar(20)';
    const general = UNICODE.replace('unicode', 'general');
    expect(meaningOf(table([line], UNICODE))).not.toBe(meaningOf(table([line], general)));
    const own = '`a` varchar(20) COLLATE utf8mb4_bin';
    expect(meaningOf(table([own], UNICODE))).not.toBe(meaningOf(table([line], UNICODE)));
  });

  it('takes RESTRICT and NO ACTION for what a foreign key does anyway', () => {
    const key = 'CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`)';
    const plain = meaningOf(table([key], UNICODE));
    expect(meaningOf(table([`${key} ON DELETE RESTRICT ON UPDATE NO ACTION`], UNICODE))).toBe(
      plain,
    );
    const cascades = meaningOf(table([`${key} ON DELETE CASCADE`], UNICODE));
    expect(cascades).not.toBe(plain);
    expect(meaningOf(table([`${key} ON DELETE CASCADE ON UPDATE RESTRICT`], UNICODE))).toBe(
      cascades,
    );
    const named = key.replace('`id`', '` ON DELETE RESTRICT`');
    expect(meaningOf(table([named], UNICODE))).not.toBe(meaningOf(table([key], UNICODE)));
  });

  it('does not depend on the order of keys, and does on that of columns', () => {
    const [a, b, k, l] = [
      '`a` int',
      '`b` int',
      'KEY `k` (`a`)',
      'KEY `l` (`b`) USING BTREE',
    ] as const;
    const plain = meaningOf(table([a, b, k, l], UNICODE));
    expect(meaningOf(table([a, b, 'KEY `l` (`b`)', k], UNICODE))).toBe(plain);
    expect(meaningOf(table([b, a, k, l], UNICODE))).not.toBe(plain);
  });
});

describe('the parts of a definition', () => {
  const lines = [
    "`id` int NOT NULL AUTO_INCREMENT COMMENT 'x, KEY `z` (`q`) AUTO_INCREMENT=5'",
    "`a,b` varchar(9) DEFAULT '''\\\\'",
    'PRIMARY KEY (`id`)',
    'UNIQUE KEY `u (``)` (`a,b`)',
    'UNIQUE KEY `part` (`a,b`(3))',
    "CONSTRAINT `c` CHECK (`a,b` <> 'CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `no` (')",
    'CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `p``q` (`id`)',
  ];
  const text = table(lines, "ENGINE=InnoDB AUTO_INCREMENT=7 COMMENT=' AUTO_INCREMENT=9'");

  it('are distinguished whatever names, comments and values hold', () => {
    expect([...columnLines(text).keys()]).toEqual(['id', 'a,b']);
    expect(otherLines(text).map(nameOfLine)).toEqual([undefined, 'u (`)', 'part', 'c', 'f']);
    expect(parentsOf(text)).toEqual(['p`q']);
    expect(engineOf(text)).toBe('InnoDB');
  });

  it('are without the counter, and with the comments that look like one', () => {
    expect(withoutCounter(text)).toBe(text.replace(' AUTO_INCREMENT=7', ''));
    const partitioned = `${text}\n/*!50100 PARTITION BY HASH (\`id\`) */`;
    expect(withoutCounter(partitioned)).toBe(partitioned.replace(' AUTO_INCREMENT=7', ''));
    expect(meaningOf(text)).toBe(meaningOf(withoutCounter(text)));
  });
});
