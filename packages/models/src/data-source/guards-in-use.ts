import type { DataSource } from 'typeorm';
import { noGuards, type WriteGuards } from './guards.ts';

/** The rules about records that hold on a data source; made once, before its metadata is built. */
export function guardsOf(dataSource: DataSource): WriteGuards {
  void dataSource;
  return noGuards;
}
