import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import type { ColumnMetadata as Column } from 'typeorm/metadata/ColumnMetadata.js';
import type { Subject } from 'typeorm/persistence/Subject.js';
import { TenantMismatchError, TenantUncheckableError } from '../record-errors.ts';
import { scopesReads } from './scope-parameters.ts';
import { TenantClaims } from './tenant-claims.ts';
import { endsOf, tenantPathOf } from '../declarations/tenant-path.ts';
import { leads } from './tenant-references.ts';
import { primaryKeyOf } from '../rows/row-key.ts';
import type { TenantRunner } from './tenant-runner.ts';
import { asText, prepared, textOf, valueOf } from '../rows/tenant-value.ts';
import { touches, twinsOf, valuesInto, writtenValues } from '../rows/written-values.ts';

/** Words for what happens to a member of a graph, or '' for nothing. */
function operationOf(subject: Subject): string {
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
    refuseGivenAway(subject, runner);
  }
}

/** A change may name the tenant where the member does not: hung under another's tenant, or NULL. */
function refuseGivenAway(subject: Subject, runner: TenantRunner): void {
  const path = tenantPathOf(subject.metadata);
  if (path === undefined || path.steps.length > 0 || !touches(subject, path.column)) return;
  // A column that no relation writes is inserted as the member has it.
  if (subject.mustBeInserted && path.column.referencedColumn === undefined) return;
  for (const value of valuesInto(subject, path.column, writtenValues(subject))) {
    const found = asText(value);
    if (found !== runner.place.tenant) throw foreign(subject, found, runner);
  }
}

/** The tenant that a row itself names; undefined where it names none, or only its owner does. */
function nameOf(subject: Subject, row: ObjectLiteral): string | undefined {
  const path = tenantPathOf(subject.metadata);
  if (path === undefined || path.steps.length > 0) return undefined;
  return textOf(path.column, row);
}

function foreign(
  subject: Subject,
  found: string | undefined,
  runner: TenantRunner,
): TenantMismatchError {
  return new TenantMismatchError({
    attempted: `${operationOf(subject)} ${subject.metadata.name}`,
    shard: runner.place.shard,
    tenant: runner.place.tenant,
    found,
    what: `the ${subject.metadata.name}`,
  });
}

/** What the members of a graph claim of rows that no one has looked at. */
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
    const changed = relation.joinColumns.some((column) => touches(subject, column));
    if (operation === 'update' && !changed) continue;
    claimOwner(claims, subject, relation, graph);
  }
}

function claimOwner(
  claims: TenantClaims,
  subject: Subject,
  relation: RelationMetadata,
  { runner, members }: Graph,
): void {
  const attempted = `${operationOf(subject)} ${subject.metadata.name}.${relation.propertyPath}`;
  const columns = relation.joinColumns.map(({ referencedColumn }) => referencedColumn as Column);
  const written = ownerValues(subject, relation, runner);
  const member = members.get(relatedOf(subject, relation));
  if (member !== undefined && isChecked(member, columns)) {
    const same = columns.every((column, i) => {
      const own = column.getEntityValue(member.entity as ObjectLiteral) as unknown;
      return written[i] === undefined || asText(written[i]) === asText(own);
    });
    if (same) return;
  }
  const values = columns.map((column, i) => prepared(runner.dataSource.driver, column, written[i]));
  if (!values.includes(undefined)) {
    const key = { metadata: relation.inverseEntityMetadata, columns, values };
    return claims.add(key, attempted, { mustExist: true });
  }
  // Also when an update takes the owner away: the row would belong to no one.
  if (leads(subject.metadata, relation.joinColumns)) throw ownerless(subject, attempted, runner);
}

/** What the row will have in the join columns of a relation, as properties of its owner. */
function ownerValues(
  subject: Subject,
  { joinColumns }: RelationMetadata,
  { place }: TenantRunner,
): unknown[] {
  const written = writtenValues(subject);
  const path = tenantPathOf(subject.metadata);
  return joinColumns.map((column): unknown => {
    if (touches(subject, column)) {
      const [value, ...others] = valuesInto(subject, column, written);
      if (others.length === 0) return value;
      const attempted = `${operationOf(subject)} ${subject.metadata.name}`;
      const reason = `its relations name different values of their column ${column.databaseName}`;
      throw new TenantUncheckableError(attempted, place.shard, reason);
    }
    if (path?.steps.length === 0 && twinsOf(path.column).includes(column)) {
      return valueOf(path.column, place.tenant);
    }
    return column.getEntityValue(subject.databaseEntity ?? {});
  });
}

/** The object in a relation: a member of the graph is in it itself or as a change. */
function relatedOf(subject: Subject, relation: RelationMetadata): unknown {
  const change = subject.changeMaps.find((map) => map.relation === relation);
  const value: unknown = change?.value ?? relation.getEntityValue(subject.entity ?? {});
  return isSubject(value) ? value.entity : value;
}

/**
 * True where the row of a member is known to be the tenant's by these columns: those of a new row
 * and of its key are what was checked; any other may be said wrongly by an object (`update: false`).
 */
function isChecked(member: Subject, columns: readonly Column[]): boolean {
  if (member.mustBeInserted) return true;
  return columns.every((column) => {
    return column.isPrimary || (column.isUpdate && touches(member, column));
  });
}

function isSubject(value: unknown): value is Subject {
  const mark = (value as { '@instanceof'?: unknown } | null | undefined)?.['@instanceof'];
  return mark === Symbol.for('Subject');
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
    const member = members.get(value);
    if (value === undefined || (member !== undefined && isChecked(member, ownerColumns))) continue;
    const values = ownerColumns.map((column) =>
      prepared(runner.dataSource.driver, column, column.getEntityValue(value as ObjectLiteral)),
    );
    if (values.some((part) => part === undefined)) continue;
    const attempted = `relate a ${owner.name} through ${metadata.tableName}`;
    claims.add({ metadata: owner, columns: ownerColumns, values }, attempted, { mustExist: true });
  }
}
