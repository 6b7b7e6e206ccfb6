import { Sharded } from '@switchyard/fleet';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { Inquiry } from './inquiry.ts';

/**
 * A document handed in for an inquiry. The attachment is a part of the row, not of a join table:
 * it moves with its row and is found without asking where it lives.
 */
@Entity('document')
@Sharded({ tenant: 'tenantId', ids: 'interleaved', scopeReads: true })
export class Document {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 64 })
  tenantId!: string;

  @ManyToOne(() => Inquiry, { nullable: false })
  @JoinColumn({ name: 'inquiry_id' })
  inquiry!: Inquiry;

  @Column({ name: 'file_key', type: 'varchar', length: 128 })
  fileKey!: string;

  @Column({ name: 'file_type', type: 'varchar', length: 64 })
  fileType!: string;

  @Column({ name: 'file_bytes', type: 'bigint' })
  fileBytes!: string;
}
