import { Sharded } from '@switchyard/fleet';
import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** How far the verification is. */
export type InquiryStatus = 'created' | 'verified';

/** One verification of one customer. Ids are UUIDs (v7), made before the insert. */
@Entity('inquiry')
@Sharded({ tenant: 'tenantId', ids: 'uuid', scopeReads: true })
export class Inquiry {
  @PrimaryColumn({ type: 'char', length: 36 })
  id!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 64 })
  tenantId!: string;

  @Index()
  @Column({ name: 'account_id', type: 'bigint' })
  accountId!: string;

  @Column({ type: 'varchar', length: 16, default: 'created' })
  status!: InquiryStatus;

  /** How often the worker verified it: one, if every job's effect is there exactly once. */
  @Column({ type: 'int', default: 0 })
  verifications!: number;

  @CreateDateColumn({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
