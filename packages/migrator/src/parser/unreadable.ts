/** Why a statement is not planned, whatever the tables are. */
export const UNREADABLE = {
  kind: 'unreadable',
  reason: 'the parser does not know this statement',
  remedy: 'Write it with the clauses of the MySQL manual, or run it by hand on each shard',
} as const;

/** Only the first of several would be looked at. */
export const SEVERAL = {
  kind: 'unreadable',
  reason: 'several statements stand in one query, or a string or comment has no end',
  remedy: 'Send one statement per call of query()',
} as const;

/** Parsers and servers follow brackets by their own stack. */
export const TOO_DEEP = {
  kind: 'unreadable',
  reason: 'brackets stand in brackets more than 200 deep',
  remedy: 'Write it with fewer brackets',
} as const;
