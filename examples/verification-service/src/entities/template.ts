import { Sharded } from '@switchyard/fleet';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * Reference data: every shard has its own copy with the same ids and its own text. A wrong turn
 * shows at once, because the text names the shard.
 */
@Entity('template')
@Sharded({ tenant: 'none' })
export class Template {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  @Column({ type: 'varchar', length: 64 })
  text!: string;
}
