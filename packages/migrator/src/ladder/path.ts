/**
 * How a server carries out a step, cheapest first. `already-there`: nothing to do. `instant`:
 * dictionary only. `inplace`: `LOCK=NONE`, the rows are not rewritten. `rebuild`: `LOCK=NONE`, the
 * table is rewritten. `copy`: `ALGORITHM=COPY, LOCK=SHARED`, writes wait (small tables only).
 * `shadow-copy`: Switchyard copies the rows into a table beside it while writes go on, then swaps.
 * `create`: a table that no one uses yet. `data`: rows are changed. `other`: views, triggers,
 * renames and drops, which the server does at once or not at all.
 */
export type StepPath =
  | 'already-there'
  | 'instant'
  | 'inplace'
  | 'rebuild'
  | 'copy'
  | 'shadow-copy'
  | 'create'
  | 'data'
  | 'other';
