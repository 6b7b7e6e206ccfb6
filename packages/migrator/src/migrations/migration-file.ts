import { createHash } from 'node:crypto';
import type { MigrationInterface } from 'typeorm';
import { MigrationFileError } from './migration-errors.ts';

/** An ordinary TypeORM migration class. */
export type MigrationClass = new () => MigrationInterface;

/** One migration as the fleet knows it. */
export interface MigrationFile {
  /** The class's `name` property, or the class name: with the timestamp, as TypeORM writes it. */
  readonly name: string;
  /** JavaScript timestamp at the end of the name; migrations run in this order. */
  readonly timestamp: number;
  /** SHA-256 of the file's text, or of the class's source where there is no file. */
  readonly checksum: string;
  /** Path of the file, where it was loaded from one. */
  readonly file: string | undefined;
  /** A fresh instance. */
  create(): MigrationInterface;
}

/** Where a migration class came from. */
export interface MigrationSource {
  readonly file: string;
  readonly text: string;
}

/**
 * Names a migration as TypeORM does: its `name` property or its class name, whose last 13 characters
 * are a timestamp.
 * @throws MigrationFileError
 */
export function migrationFile(found: MigrationClass, source?: MigrationSource): MigrationFile {
  const label = source?.file ?? found.name;
  const instance = made(found, label);
  if (typeof instance.up !== 'function' || typeof instance.down !== 'function') {
    throw new MigrationFileError(label, `class ${found.name} has no up() and down()`);
  }
  const name = instance.name ?? found.name;
  const timestamp = Number.parseInt(name.slice(-13), 10);
  if (!/\d{13}$/.test(name)) {
    throw new MigrationFileError(label, `the name ${name} does not end in a JavaScript timestamp`);
  }
  const text = source?.text ?? found.toString();
  const checksum = createHash('sha256').update(text).digest('hex');
  return { name, timestamp, checksum, file: source?.file, create: () => made(found, label) };
}

function made(found: MigrationClass, label: string): MigrationInterface {
  try {
    return new found();
  } catch (cause) {
    throw new MigrationFileError(label, `class ${found.name} cannot be constructed`, { cause });
  }
}
