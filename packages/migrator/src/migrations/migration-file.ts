import type { MigrationInterface } from 'typeorm';

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
