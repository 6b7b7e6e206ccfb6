import 'reflect-metadata';
import { Sharded } from '@switchyard/models';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the writers of a move write; every row says by its id who wrote it. */
@Entity()
@Sharded({ tenant: 'tenantId' })
export class Entry {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  tenantId!: string;

  @Column({ type: 'int', default: 0 })
  value!: number;
}

/** The tenant that moves. */
export const TENANT = 't_moving';
