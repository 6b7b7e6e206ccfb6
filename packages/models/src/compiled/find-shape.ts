import type { FindManyOptions, FindOperator, ObjectLiteral } from 'typeorm';
import {
  Equal,
  In,
  IsNull,
  LessThan,
  LessThanOrEqual,
  MoreThan,
  MoreThanOrEqual,
  Not,
} from 'typeorm';
import { InstanceChecker } from 'typeorm/util/InstanceChecker.js';

/** The longest `In` that is compiled: each length is a statement of its own. */
const LONGEST_IN = 16;

/** Options that say how much is read. Others than these and `where` are TypeORM's. */
const STRUCTURE = ['select', 'order', 'withDeleted'] as const;
const NUMBERS = ['take', 'skip'] as const;
const KNOWN = new Set<string>(['where', ...STRUCTURE, ...NUMBERS]);

/** Find options taken apart: what makes the statement, and the values that it binds. */
export interface FindShape {
  /** Equal for all calls that make the same statement; holds no value of a caller. */
  readonly key: string;
  /** The values of `where`, in the order of its properties. */
  readonly values: readonly unknown[];
  /** The property of each value. */
  readonly properties: readonly string[];
}

/** Operators of one value, by the name that TypeORM gives them. */
const ONE_VALUE: Readonly<Record<string, (value: unknown) => FindOperator<unknown>>> = {
  equal: Equal,
  lessThan: LessThan,
  lessThanOrEqual: LessThanOrEqual,
  moreThan: MoreThan,
  moreThanOrEqual: MoreThanOrEqual,
};

/**
 * Takes find options apart, or says which part is not compiled: relations, locks, caches, raw SQL,
 * lists of alternatives, null and undefined.
 */
export function shapeOf(options: FindManyOptions<ObjectLiteral>): FindShape | string {
  let key = '';
  for (const name in options) {
    if (!KNOWN.has(name)) return `option ${name}`;
  }
  const found = { values: [] as unknown[], properties: [] as string[] };
  const { where } = options;
  if (where !== undefined) {
    if (!isPlain(where)) return 'a list of conditions';
    for (const property in where) {
      const part = conditionOf(property, (where as ObjectLiteral)[property], found);
      if (part === undefined) return 'a condition that is no comparison of a column';
      key += part;
    }
  }
  for (const name of STRUCTURE) {
    const value: unknown = options[name];
    if (value === undefined) continue;
    const text = structureOf(value);
    if (text === undefined) return `nested ${name}`;
    key += `|${name}:${text}`;
  }
  if (!hasAmounts(options)) return 'take or skip';
  return { key: key + takesOf(options), ...found };
}

/** The same options with `slots` in the places of the values and fixed amounts. */
export function withSlots(
  options: FindManyOptions<ObjectLiteral>,
  slots: readonly unknown[],
  amounts: { readonly take: number; readonly skip: number },
): FindManyOptions<ObjectLiteral> {
  const left = [...slots];
  const where = options.where as ObjectLiteral | undefined;
  const filled = Object.entries(where ?? {}).map(([name, value]) => [name, slotted(value, left)]);
  return {
    ...options,
    ...(where === undefined ? {} : { where: Object.fromEntries(filled) as ObjectLiteral }),
    ...(options.take === undefined ? {} : { take: amounts.take }),
    ...(options.skip === undefined ? {} : { skip: amounts.skip }),
  };
}

interface Found {
  readonly values: unknown[];
  readonly properties: string[];
}

/** The part of the key that one property makes; notes its values. */
function conditionOf(property: string, value: unknown, found: Found): string | undefined {
  if (!InstanceChecker.isFindOperator(value)) {
    if (typeof value === 'object' || value === undefined) return undefined;
    note(found, property, value);
    return `${property}=,`;
  }
  const part = operatorOf(property, value, found);
  return part === undefined ? undefined : `${property} ${part},`;
}

function operatorOf(
  property: string,
  operator: FindOperator<unknown>,
  found: Found,
): string | undefined {
  const { type, child } = operator;
  if (type === 'not' && child !== undefined) {
    const inner = child.type === 'not' ? undefined : operatorOf(property, child, found);
    return inner === undefined ? undefined : `not ${inner}`;
  }
  if (type === 'isNull') return 'isNull';
  if (type === 'in') {
    const values: unknown = operator.value;
    if (!Array.isArray(values) || values.length === 0 || values.length > LONGEST_IN) {
      return undefined;
    }
    for (const value of values) note(found, property, value);
    return `in${values.length}`;
  }
  if (type !== 'not' && ONE_VALUE[type] === undefined) return undefined;
  note(found, property, operator.value);
  return type;
}

function note({ values, properties }: Found, property: string, value: unknown): void {
  values.push(value);
  properties.push(property);
}

function slotted(value: unknown, left: unknown[]): unknown {
  if (!InstanceChecker.isFindOperator(value)) return left.shift();
  return slottedOperator(value as FindOperator<unknown>, left);
}

function slottedOperator(operator: FindOperator<unknown>, left: unknown[]): unknown {
  const { type, child } = operator;
  if (type === 'not') {
    return Not(child === undefined ? left.shift() : slottedOperator(child, left));
  }
  if (type === 'isNull') return IsNull();
  if (type === 'in') return In(left.splice(0, (operator.value as unknown[]).length));
  return ONE_VALUE[type]?.(left.shift());
}

/** `select` and `order` are names of columns and little else: what they say is their text. */
function structureOf(value: unknown): string | undefined {
  if (typeof value === 'boolean' || typeof value === 'string') return String(value);
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === 'string') ? JSON.stringify(value) : undefined;
  }
  if (!isPlain(value)) return undefined;
  const simple = Object.values(value).every(
    (item) => typeof item === 'boolean' || typeof item === 'string' || typeof item === 'number',
  );
  return simple ? JSON.stringify(value) : undefined;
}

/** TypeORM drops `take: 0`, refuses what is no number, and MySQL knows no offset without a limit. */
function hasAmounts({ take, skip }: FindManyOptions<ObjectLiteral>): boolean {
  const isAmount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
  if (take !== undefined && !isAmount(take)) return false;
  return skip === undefined || (take !== undefined && isAmount(skip));
}

/** One row is a statement of its own, sent prepared; other amounts are written into the text. */
function takesOf({ take, skip }: FindManyOptions<ObjectLiteral>): string {
  if (take === undefined) return '';
  if (take === 1 && skip === undefined) return '|one';
  return skip === undefined ? '|take' : '|take|skip';
}

function isPlain(value: unknown): value is ObjectLiteral {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if ('@instanceof' in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
