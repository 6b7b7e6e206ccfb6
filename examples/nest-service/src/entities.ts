import { Sharded } from '@switchyard/fleet';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** A customer's account. */
@Sharded({ tenant: 'tenantId', ids: 'interleaved' })
@Entity()
export class Account {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 64 }) tenantId!: string;
  @Column({ type: 'varchar', length: 80 }) name!: string;
}

/** What happened to accounts; written by the subscriber. */
@Sharded({ tenant: 'tenantId', ids: 'uuid' })
@Entity()
export class AuditEntry {
  @PrimaryColumn({ type: 'char', length: 36 }) id!: string;
  @Column({ type: 'varchar', length: 64 }) tenantId!: string;
  @Column({ type: 'varchar', length: 120 }) what!: string;
}
