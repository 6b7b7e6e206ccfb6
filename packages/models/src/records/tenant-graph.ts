import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import type { Subject } from 'typeorm/persistence/Subject.js';
import { TenantMismatchError } from './record-errors.ts';
import { scopesReads } from './scope-parameters.ts';
import { TenantClaims } from './tenant-claims.ts';
import { endsOf, tenantPathOf } from './tenant-path.ts';
import { primaryKeyOf, type RowKey } from './row-key.ts';
import type { TenantRunner } from './tenant-runner.ts';
import { prepared, textOf, valueOf } from './tenant-value.ts';

/** Words for what happens to a member of a graph, or '' for nothing. */
export function operationOf(subject: Subject): string {
  if (subject.mustBeInserted) return 'insert';
  if (subject.mustBeRemoved) return 'remove';
  if (subject.mustBeSoftRemoved) return 'soft-remove';
  if (subject.mustBeRecovered) return 'recover';
  return subject.mustBeUpdated ? 'update' : '';
}

/** Writes the tenant into the members to be inserted that do not name one. True if any did not. */
export function stampSubjects(subjects: readonly Subject[], runner: TenantRunner): boolean {
  let stamped = false;
  for (const subject of subjects) {
    const path = tenantPathOf(subject.metadata);
    if (path === undefined || path.steps.length > 0 || !subject.mustBeInserted) continue;
    if (subject.entity === undefined || nameOf(subject, subject.entity) !== undefined) continue;
    path.column.setEntityValue(subject.entity, valueOf(path.column, runner.place.tenant));
    stamped = true;
  }
  return stamped;
}

/**
 * Refuses members that name another tenant, without a query.
 * @throws TenantMismatchError
 */
export function refuseForeignSubjects(subjects: readonly Subject[], runner: TenantRunner): void {
  for (const subject of subjects) {
    if (operationOf(subject) === '') continue;
    for (const row of [subject.entity, subject.databaseEntity]) {
      if (row === undefined) continue;
      const found = nameOf(subject, row);
      if (found !== undefined && found !== runner.place.tenant)
        throw foreign(subject, found, runner);
    }
  }
}

/** The tenant that a row itself names; undefined where it names none, or only its owner does. */
function nameOf(subject: Subject, row: ObjectLiteral): string | undefined {
  const path = tenantPathOf(subject.metadata);
  if (path === undefined || path.steps.length > 0) return undefined;
  return textOf(path.column, row);
}

function foreign(subject: Subject, found: string, runner: TenantRunner): TenantMismatchError {
  return new TenantMismatchError({
    attempted: `${operationOf(subject)} ${subject.metadata.name}`,
    shard: runner.place.shard,
    tenant: runner.place.tenant,
    found,
    what: `the ${subject.metadata.name}`,
  });
}

/** What the members of a graph claim of rows that nobody has looked at. */
export function claimsOf(subjects: readonly Subject[], runner: TenantRunner): TenantClaims {
  const claims = new TenantClaims();
  const written = new Set(subjects.filter((subject) => operationOf(subject) !== ''));
  const members = new Map(
    [...written].flatMap((subject) =>
      subject.entity === undefined ? [] : [[subject.entity as unknown, subject] as const],
    ),
  );
  for (const subject of written) {
    claimItself(claims, subject, runner);
    claimOwners(claims, subject, { runner, members });
  }
  return claims;
}

/** The row that is about to be changed, where no loaded version of it says whose it is. */
function claimItself(claims: TenantClaims, subject: Subject, runner: TenantRunner): void {
  if (tenantPathOf(subject.metadata) === undefined) return;
  // Scoped reads do not see another tenant's row, so it looks as if there were none.
  if (subject.mustBeInserted && !scopesReads(subject.metadata)) return;
  const { databaseEntity, identifier } = subject;
  if (databaseEntity !== undefined && nameOf(subject, databaseEntity) !== undefined) return;
  if (identifier === undefined) return;
  const key = primaryKeyOf(runner, subject.metadata, identifier);
  const attempted = `${operationOf(subject)} ${subject.metadata.name}`;
  claims.add(key, attempted, { mustExist: false });
}

interface Graph {
  readonly runner: TenantRunner;
  /** Members that are written themselves, and so checked themselves. */
  readonly members: ReadonlyMap<unknown, Subject>;
}

function claimOwners(claims: TenantClaims, subject: Subject, graph: Graph): void {
  const operation = operationOf(subject);
  if (operation !== 'insert' && operation !== 'update') return;
  if (subject.metadata.isJunction) return claimEnds(claims, subject, graph);
  for (const relation of subject.metadata.relationsWithJoinColumns) {
    if (tenantPathOf(relation.inverseEntityMetadata) === undefined) continue;
    if (operation === 'update' && !changes(subject, relation)) continue;
    claimOwner(claims, subject, relation, graph);
  }
}

function changes(subject: Subject, relation: RelationMetadata): boolean {
  return subject.changeMaps.some(
    (change) => change.relation === relation || change.column?.relationMetadata === relation,
  );
}

function claimOwner(
  claims: TenantClaims,
  subject: Subject,
  relation: RelationMetadata,
  { runner, members }: Graph,
): void {
  const attempted = `${operationOf(subject)} ${subject.metadata.name}.${relation.propertyPath}`;
  const related = relatedValue(subject, relation);
  if (members.has(related)) return;
  const key = referenceKey(relation, related, subject, runner);
  if (key !== undefined) return claims.add(key, attempted, { mustExist: true });
  const leads = tenantPathOf(subject.metadata)?.steps[0]?.columns === relation.joinColumns;
  // Also when an update takes the owner away: the row would belong to nobody.
  if (leads) throw ownerless(subject, attempted, runner);
}

/** What a change writes into a relation: an object, a member of the graph, or an id. */
function relatedValue(subject: Subject, relation: RelationMetadata): unknown {
  const change = subject.changeMaps.find((map) => map.relation === relation);
  const value: unknown = change?.value ?? relation.getEntityValue(subject.entity ?? {});
  return isSubject(value) ? value.entity : value;
}

function isSubject(value: unknown): value is Subject {
  const mark = (value as { '@instanceof'?: unknown } | null | undefined)?.['@instanceof'];
  return mark === Symbol.for('Subject');
}

function referenceKey(
  relation: RelationMetadata,
  related: unknown,
  subject: Subject,
  runner: TenantRunner,
): RowKey | undefined {
  const { driver } = runner.dataSource;
  const columns = relation.joinColumns.flatMap(({ referencedColumn }) => referencedColumn ?? []);
  const holder = related !== null && typeof related === 'object';
  const values = relation.joinColumns.map((join, i) => {
    const column = columns[i] ?? join;
    if (holder) return prepared(driver, column, column.getEntityValue(related as ObjectLiteral));
    return prepared(driver, column, related ?? join.getEntityValue(subject.entity ?? {}));
  });
  if (values.some((value) => value === undefined)) return undefined;
  return { metadata: relation.inverseEntityMetadata, columns, values };
}

function ownerless(subject: Subject, attempted: string, { place }: TenantRunner): Error {
  const what = `a ${subject.metadata.name} without its owner`;
  const { shard, tenant } = place;
  return new TenantMismatchError({ attempted, shard, tenant, found: undefined, what });
}

/** A new junction row relates two rows; both must be the tenant's. */
function claimEnds(claims: TenantClaims, subject: Subject, { runner, members }: Graph): void {
  const { metadata } = subject;
  for (const columns of endsOf(metadata)) {
    const ownerColumns = columns.flatMap(({ referencedColumn }) => referencedColumn ?? []);
    const owner = ownerColumns[0]?.entityMetadata as EntityMetadata;
    if (tenantPathOf(owner) === undefined) continue;
    const change = subject.changeMaps.find(({ column }) => column === columns[0]);
    const value: unknown = isSubject(change?.value) ? change.value.entity : change?.value;
    if (value === undefined || members.has(value)) continue;
    const values = ownerColumns.map((column) =>
      prepared(runner.dataSource.driver, column, column.getEntityValue(value as ObjectLiteral)),
    );
    if (values.some((part) => part === undefined)) continue;
    const attempted = `relate a ${owner.name} through ${metadata.tableName}`;
    claims.add({ metadata: owner, columns: ownerColumns, values }, attempted, { mustExist: true });
  }
}
