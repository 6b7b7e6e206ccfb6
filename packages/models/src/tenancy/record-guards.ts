import type { Place } from '@switchyard/shard-context';
import type { EntityMetadata, InsertQueryBuilder, InsertResult, ObjectLiteral } from 'typeorm';
import {
  noGuards,
  type CriteriaBuilder,
  type MappedJoin,
  type PlacedRunner,
  type SubjectWrite,
  type WriteGuards,
} from '../record-rules.ts';
import { noteOrigins } from '../provenance/note-origins.ts';
import { originOf, setOrigin } from '../provenance/origin.ts';
import { refuseMisplaced } from '../provenance/origin-guard.ts';
import { refuseCascade } from './refuse-cascade.ts';
import { scopeCriteria, scopeGraphCriteria } from './tenant-criteria.ts';
import { claimsOf, refuseForeignSubjects, stampSubjects } from './tenant-graph.ts';
import { checkInsert, valueSetsOf } from './tenant-insert.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';
import { isTenantRunner } from './tenant-runner.ts';
import { changesRows, guardUpsert, verifyUpsert } from './tenant-upsert.ts';
import { refuseGivenId } from '../ids/given-ids.ts';
import { assignUuid } from '../ids/uuid-ids.ts';

/**
 * The rules about records, at every write and load of a sharded data source: members of another
 * place are refused, rows get the context's tenant and never another's, ids are given out.
 */
export class RecordGuards implements WriteGuards {
  beforeListeners(write: SubjectWrite): void {
    const { runner, subjects } = write;
    const members = subjects.flatMap(({ entity, metadata }) =>
      entity === undefined ? [] : [{ record: entity, metadata }],
    );
    refuseMisplaced('write', members, runner.place);
    if (this.#fill(write)) write.recompute();
    if (isTenantRunner(runner)) refuseForeignSubjects(subjects, runner);
  }

  /** Listeners and subscribers may have changed checked values, so they are checked again. */
  async beforeSubjects(write: SubjectWrite): Promise<void> {
    const { runner, subjects } = write;
    if (this.#fill(write)) write.recompute();
    if (!isTenantRunner(runner)) return;
    refuseForeignSubjects(subjects, runner);
    for (const { metadata, mustBeRemoved } of subjects) {
      if (mustBeRemoved) refuseCascade(`remove ${metadata.name}`, metadata, runner);
    }
    await claimsOf(subjects, runner).check(runner);
    for (const { metadata, entity, mustBeInserted } of subjects) {
      if (mustBeInserted && entity !== undefined) {
        refuseGivenId(metadata, entity, runner.place.shard);
      }
    }
  }

  afterSubjects({ runner, subjects }: SubjectWrite): void {
    for (const { entity } of subjects) {
      if (entity !== undefined && originOf(entity) === undefined) setOrigin(entity, runner.place);
    }
  }

  async beforeInsert(
    builder: InsertQueryBuilder<ObjectLiteral>,
    runner: PlacedRunner,
  ): Promise<boolean> {
    const metadata = mainMetadata(builder);
    if (metadata === undefined) return false;
    const rows = valueSetsOf(builder);
    const members = rows.map((record) => ({ record, metadata }));
    refuseMisplaced('insert', members, runner.place);
    for (const row of rows) assignUuid(metadata, row);
    if (!isTenantRunner(runner)) return false;
    await checkInsert(builder, metadata, runner);
    for (const row of rows) refuseGivenId(metadata, row, runner.place.shard);
    return guardUpsert(builder, metadata, runner);
  }

  async afterInsert(
    builder: InsertQueryBuilder<ObjectLiteral>,
    runner: PlacedRunner,
    _result: InsertResult,
  ): Promise<void> {
    const metadata = mainMetadata(builder);
    if (metadata === undefined) return;
    const guarded = tenantPathOf(metadata) !== undefined && changesRows(builder);
    if (guarded && isTenantRunner(runner)) await verifyUpsert(builder, metadata, runner);
    for (const row of valueSetsOf(builder)) setOrigin(row, runner.place);
  }

  async beforeCriteria(builder: CriteriaBuilder, runner: PlacedRunner): Promise<void> {
    if (isTenantRunner(runner)) await scopeCriteria(builder, runner);
  }

  beforeGraphCriteria(builder: CriteriaBuilder, runner: PlacedRunner): void {
    if (isTenantRunner(runner)) scopeGraphCriteria(builder, runner);
  }

  beforeReload(record: ObjectLiteral, metadata: EntityMetadata, place: Place): void {
    refuseMisplaced('reload', [{ record, metadata }], place);
  }

  loaded(
    metadata: EntityMetadata,
    entities: readonly object[],
    runner: PlacedRunner,
    mapped: readonly MappedJoin[],
  ): void {
    noteOrigins(metadata, entities, runner.place, mapped);
  }

  homeOf(record: object): Place | undefined {
    return originOf(record);
  }

  generatedId(insertId: string | number, index: number, metadata: EntityMetadata): string | number {
    return noGuards.generatedId(insertId, index, metadata);
  }

  hasTenantKey(metadata: EntityMetadata): boolean {
    return tenantPathOf(metadata) !== undefined;
  }

  /** Ids and tenants of the members to be inserted. True where something was filled in. */
  #fill({ runner, subjects }: SubjectWrite): boolean {
    let filled = false;
    for (const subject of subjects) {
      if (!subject.mustBeInserted || subject.entity === undefined) continue;
      if (!assignUuid(subject.metadata, subject.entity)) continue;
      subject.recompute();
      filled = true;
    }
    return (isTenantRunner(runner) && stampSubjects(subjects, runner)) || filled;
  }
}

function mainMetadata(builder: InsertQueryBuilder<ObjectLiteral>): EntityMetadata | undefined {
  const alias = builder.expressionMap.mainAlias;
  return alias?.hasMetadata === true ? alias.metadata : undefined;
}
