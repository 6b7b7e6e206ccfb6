import { readFileSync } from 'node:fs';

/** The accounts that docs/grants.md grants something to. */
export type Part = 'service' | 'operator' | 'migrator' | 'copier' | 'directory' | 'directory-maker';

/** One GRANT of the page. */
export interface Grant {
  readonly privileges: readonly string[];
  /** As on the page: `shop.account`, `PROCEDURE shop.switchyard_begin_v1`, `*.*`. */
  readonly on: string;
  /** Under `Optional:` on the page. */
  readonly optional: boolean;
}

const PAGE = new URL('../../docs/grants.md', import.meta.url);
const LINE = /^GRANT (?<list>.+) ON (?<on>.+) TO '(?<part>[\w-]+)'@'%';(?: -- (?<engine>\w+))?$/;

/** What the page grants to a part on one kind of server. */
export function grantsOf(part: Part, engine: 'mysql' | 'mariadb'): Grant[] {
  const found: Grant[] = [];
  let optional = false;
  for (const line of readFileSync(PAGE, 'utf8').split('\n')) {
    if (line.startsWith('## ')) optional = false;
    if (line === 'Optional:') optional = true;
    const words = LINE.exec(line)?.groups;
    if (words?.['part'] !== part) continue;
    if ((words['engine'] ?? engine).toLowerCase() !== engine) continue;
    found.push({ privileges: words['list']!.split(', '), on: words['on']!, optional });
  }
  return found;
}

/** Every way to have one privilege less; `name` says which. */
export function eachWithoutOne(grants: readonly Grant[]): { name: string; grants: Grant[] }[] {
  return grants.flatMap((grant, i) =>
    grant.privileges.map((privilege) => ({
      name: `${privilege} on ${grant.on}`,
      grants: grants.with(i, {
        ...grant,
        privileges: grant.privileges.filter((other) => other !== privilege),
      }),
    })),
  );
}
