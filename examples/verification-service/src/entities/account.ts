import { Sharded } from '@switchyard/fleet';
import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** A customer of a tenant. Ids are interleaved: BIGINT AUTO_INCREMENT, unique over the fleet. */
@Entity('account')
@Index(['tenantId', 'reference'], { unique: true })
@Sharded({ tenant: 'tenantId', ids: 'interleaved', scopeReads: true })
export class Account {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 64 })
  tenantId!: string;

  /** The tenant's own name for the customer. */
  @Column({ type: 'varchar', length: 64 })
  reference!: string;

  @Column({ name: 'inquiry_count', type: 'int', default: 0 })
  inquiryCount!: number;
}
