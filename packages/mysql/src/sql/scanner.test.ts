import { describe, expect, it } from 'vitest';
import { scan } from './scanner.ts';

const texts = (sql: string) => scan(sql, { positions: true }).tokens.map(({ text }) => text);

describe('the scanner of SQL', () => {
  it('says where each token begins and ends', () => {
    const sql = "UPDATE `a``b` SET x = 'it''s' -- end\n WHERE t.key = @v";
    const { positions, tokens } = scan(sql, { positions: true });
    const found = tokens.map((_, i) => sql.slice(positions[2 * i], positions[2 * i + 1]));
    expect(found.join(' ')).toBe("UPDATE `a``b` SET x = 'it''s' WHERE t . key = @v");
  });

  it('leaves out rows that repeat the row before, and nothing else', () => {
    const head = 'INSERT INTO t VALUES ';
    const rows = (count: number, row: string) => Array(count).fill(row).join(', ');
    const one = scan(`${head}(?, DEFAULT, 'x')`).tokens;
    expect(scan(head + rows(1000, "(?, DEFAULT, 'x')")).tokens).toEqual(one);
    const other = scan(
      `${head}${rows(3, '(?)')}, (GET_LOCK('a', 1)) ON DUPLICATE KEY UPDATE a = 1`,
    );
    expect(other.tokens.map(({ text }) => text)).toContain('GET_LOCK');
    expect(other.tokens.at(-1)?.text).toBe('1');
    expect(texts(head + rows(3, '(?)')).filter((text) => text === '?')).toHaveLength(3);
    expect(scan("VALUES ('a'), ('a'), ('").complete).toBe(false);
  });

  it('takes time in proportion to the text', () => {
    const sql = (rows: number) =>
      `INSERT INTO t VALUES ${Array.from({ length: rows }, (_, i) => `(${i}, 'n${i}', (1))`).join(',')}`;
    const time = (text: string) => {
      const begin = process.cpuUsage().user;
      for (let i = 0; i < 5; i += 1) scan(text);
      return process.cpuUsage().user - begin;
    };
    time(sql(5000));
    expect(time(sql(40_000))).toBeLessThan(40 * Math.max(time(sql(5000)), 1000));
    const nested = `SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)}`;
    expect(scan(nested).tokens).toHaveLength(100_002);
  });
});
