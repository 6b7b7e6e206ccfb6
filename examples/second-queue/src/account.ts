import { Sharded } from '@switchyard/fleet';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A customer's account. In the demo every shard has one with the id `main`. */
@Sharded({ tenant: 'tenantId', ids: 'shardLocal' })
@Entity()
export class Account {
  @PrimaryColumn({ type: 'varchar', length: 16 }) id!: string;
  @Column({ type: 'varchar', length: 64 }) tenantId!: string;
  @Column({ type: 'varchar', length: 80 }) name!: string;
  @Column({ type: 'int', default: 0 }) jobs!: number;
}
