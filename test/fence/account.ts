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

  @Column({ type: 'varchar', length: 64, unique: true })
  email!: string;

  @Column({ type: 'int', default: 0 })
  balance!: number;
}

/** Rows of no one. */
@Entity()
@Sharded({ tenant: 'none' })
export class Currency {
  @PrimaryColumn({ type: 'char', length: 3 })
  code!: string;

  @Column({ type: 'varchar', length: 64 })
  name!: string;
}
