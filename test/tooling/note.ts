import { Sharded } from '@switchyard/models';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A row of a tenant. */
@Sharded({ tenant: 'tenantId' })
@Entity('note')
export class Note {
  @PrimaryColumn('int') id!: number;
  @Column('varchar', { length: 20 }) tenantId!: string;
  @Column('varchar', { length: 40 }) text!: string;
}
