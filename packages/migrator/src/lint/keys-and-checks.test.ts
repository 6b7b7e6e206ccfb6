import { describe, expect, it } from 'vitest';
import { columnLines } from '../recording/definition.ts';
import { enforcedChecks, uniqueKeyParts } from './keys-and-checks.ts';

const TEXT = `CREATE TABLE \`t\` (
  \`id\` int NOT NULL COMMENT 'a CHECK (x) in a comment',
  \`a,b\` int DEFAULT NULL CHECK (\`a,b\` > 1),
  \`name\` varchar(20) DEFAULT NULL,
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`u (\`\`)\` (\`a,b\`,\`name\`(3) DESC),
  UNIQUE KEY \`f\` ((lower(\`name\`))),
  KEY \`part\` (\`name\`),
  CONSTRAINT \`c\` CHECK ((\`id\` > 0)),
  CONSTRAINT \`off\` CHECK ((\`id\` > 1)) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB`;

describe('keys and conditions of a definition', () => {
  it('tells the parts of keys that allow no duplicates', () => {
    const parts = uniqueKeyParts(TEXT).map((key) => key.map((one) => [one.column, one.prefix]));
    expect(parts).toEqual([
      [['id', undefined]],
      [
        ['a,b', undefined],
        ['name', 3],
      ],
      [[undefined, undefined]],
    ]);
  });

  it('tells the conditions that are enforced, of the table and of its columns', () => {
    expect(enforcedChecks(TEXT, columnLines(TEXT))).toEqual(['(`id` > 0)', '`a,b` > 1']);
  });
});
