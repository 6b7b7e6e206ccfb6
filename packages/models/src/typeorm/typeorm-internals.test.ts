import { afterEach, describe, expect, it } from 'vitest';
import { DataSource, SelectQueryBuilder } from 'typeorm';
import { SubjectExecutor } from 'typeorm/persistence/SubjectExecutor.js';
import { changedInternals, checkInternals } from './typeorm-internals.ts';

const driver = new DataSource({ type: 'mysql', database: 'x' }).driver;
const undo: (() => void)[] = [];
afterEach(() => undo.splice(0).forEach((back) => back()));

function replace(owner: object, name: string, value: unknown): void {
  const methods = owner as Record<string, unknown>;
  const stock = methods[name];
  undo.push(() => (methods[name] = stock));
  methods[name] = value;
}

describe('the internals of TypeORM that a sharded data source relies on', () => {
  it('are all there in the installed release', () => {
    expect(changedInternals(driver)).toEqual([]);
  });

  it('are missed by name, and start-up is then refused with TYPEORM_CHANGED', () => {
    replace(SelectQueryBuilder.prototype, 'executeEntitiesAndRawResults', undefined);
    replace(SubjectExecutor.prototype, 'recompute', undefined);
    const missing = [
      'SelectQueryBuilder.executeEntitiesAndRawResults()',
      'SubjectExecutor.recompute()',
    ];
    expect(changedInternals(driver)).toEqual(missing);
    expect(() => checkInternals(driver)).toThrow(
      expect.objectContaining({ code: 'TYPEORM_CHANGED', changed: missing }),
    );
  });

  it('are missed on a driver that keeps its capabilities elsewhere', () => {
    expect(changedInternals({ cteCapabilities: {}, uuidColumnTypeSuported: false })).toEqual([
      'MysqlDriver._isReturningSqlSupported',
    ]);
  });
});
