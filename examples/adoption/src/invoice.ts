import { Sharded } from '@switchyard/fleet';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** What a customer owes. `@Sharded` is all that adoption adds to it. */
@Sharded({ tenant: 'customerId', ids: 'interleaved' })
@Entity('invoice')
export class Invoice {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ name: 'customer_id', type: 'varchar', length: 40 })
  customerId!: string;

  @Column({ type: 'int' })
  cents!: number;
}
