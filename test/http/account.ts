import 'reflect-metadata';
import { Sharded } from '@switchyard/models';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** Rows of tenants. */
@Entity()
@Sharded({ tenant: 'tenantId', ids: 'interleaved' })
export class Account {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  tenantId!: string;

  @Column({ type: 'varchar', length: 64 })
  name!: string;
}

/** One row on each shard, with the same id everywhere; its name is the shard's. */
@Entity()
@Sharded({ tenant: 'none' })
export class Signpost {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  @Column({ type: 'varchar', length: 64 })
  shard!: string;
}
