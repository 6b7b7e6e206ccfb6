import 'reflect-metadata';
import { isSwitchyardError } from '@switchyard/shard-context';
import {
  Column,
  DataSource,
  Entity,
  EntitySchema,
  JoinColumn,
  ManyToMany,
  JoinTable,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type EntityMetadata,
} from 'typeorm';
import { describe, expect, it } from 'vitest';
import { checkDeclarations, checkPinned } from './check-declarations.ts';
import { declarationOf, Pinned, Sharded, shardedSchema } from './declare.ts';

type Target = (new () => object) | EntitySchema;

/** Builds metadata as a data source would, without a connection. */
async function metadataOf(...entities: Target[]): Promise<EntityMetadata[]> {
  const dataSource = new DataSource({ type: 'mysql', database: 'none', entities });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  return [...dataSource.entityMetadatas];
}

async function refusal(shards: number, ...entities: Target[]): Promise<unknown> {
  const metadatas = await metadataOf(...entities);
  try {
    checkDeclarations(metadatas, shards);
    return undefined;
  } catch (error) {
    return isSwitchyardError(error) ? { code: error.code, message: error.message } : error;
  }
}

@Sharded({ tenant: 'tenantId', ids: 'interleaved' })
@Entity()
class Inquiry {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

@Sharded({ tenant: { through: 'inquiry' }, ids: 'interleaved' })
@Entity()
class Check {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @ManyToOne(() => Inquiry) @JoinColumn() inquiry!: Inquiry;
  @ManyToMany(() => Inquiry) @JoinTable() related!: Inquiry[];
}

@Entity()
class Undeclared {
  @PrimaryColumn({ type: 'int' }) id!: number;
}

describe('the declarations of a sharded data source', () => {
  it('pass when columns, relations and ids are as they say', async () => {
    expect(await refusal(2, Inquiry, Check)).toBeUndefined();
  });

  it.each([{ database: 'other' }, { name: 'other.room' }])(
    'are refused for a table %j, which would be in one database for every shard',
    async (options) => {
      @Sharded({ tenant: 'none' })
      @Entity(options)
      class Room {
        @PrimaryColumn({ type: 'int' }) id!: number;
      }
      expect(await refusal(1, Room)).toMatchObject({ code: 'DECLARATION_INVALID' });
    },
  );

  it('are refused for two entities of one name: a global ID could mean either', async () => {
    const namesake = () => {
      @Sharded({ tenant: 'none' })
      @Entity()
      class Account {
        @PrimaryColumn({ type: 'int' }) id!: number;
      }
      return Account;
    };
    expect(await refusal(1, namesake(), namesake())).toMatchObject({
      code: 'DECLARATION_INVALID',
      message: expect.stringContaining('Account') as string,
    });
  });

  it('may be missing while there is one shard', async () => {
    expect(await refusal(1, Undeclared)).toBeUndefined();
  });

  it('are refused with ENTITY_UNDECLARED, naming the entity, once there are two', async () => {
    expect(await refusal(2, Inquiry, Undeclared)).toMatchObject({
      code: 'ENTITY_UNDECLARED',
      message: expect.stringContaining('Undeclared') as string,
    });
  });

  it('are refused when the tenant column does not exist', async () => {
    @Sharded({ tenant: 'tenant' })
    @Entity()
    class Misspelt {
      @PrimaryColumn({ type: 'int' }) id!: number;
    }
    expect(await refusal(1, Misspelt)).toMatchObject({
      code: 'DECLARATION_INVALID',
      message: expect.stringContaining('Misspelt') as string,
    });
  });

  it('are refused when the relation does not exist, or leads to rows of no tenant', async () => {
    @Sharded({ tenant: 'none' })
    @Entity()
    class Country {
      @PrimaryColumn({ type: 'char', length: 2 }) code!: string;
    }
    @Sharded({ tenant: { through: 'country' } })
    @Entity()
    class City {
      @PrimaryColumn({ type: 'int' }) id!: number;
      @ManyToOne(() => Country) country!: Country;
    }
    @Sharded({ tenant: { through: 'nowhere' } })
    @Entity()
    class Street {
      @PrimaryColumn({ type: 'int' }) id!: number;
    }
    expect(await refusal(1, Country, City)).toMatchObject({ code: 'DECLARATION_INVALID' });
    expect(await refusal(1, Street)).toMatchObject({ code: 'DECLARATION_INVALID' });
  });

  it('are refused for interleaved ids of type INT', async () => {
    @Sharded({ tenant: 'none', ids: 'interleaved' })
    @Entity()
    class Small {
      @PrimaryGeneratedColumn({ type: 'int' }) id!: number;
    }
    expect(await refusal(1, Small)).toMatchObject({
      code: 'DECLARATION_INVALID',
      message: expect.stringContaining('BIGINT') as string,
    });
  });

  it('are refused for AUTO_INCREMENT without a strategy, once there are two shards', async () => {
    @Sharded({ tenant: 'none' })
    @Entity()
    class Counter {
      @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
    }
    expect(await refusal(1, Counter)).toBeUndefined();
    expect(await refusal(2, Counter)).toMatchObject({ code: 'ID_STRATEGY_MISSING' });
  });

  it('are refused for uuid ids on a column that cannot hold one', async () => {
    @Sharded({ tenant: 'none', ids: 'uuid' })
    @Entity()
    class Number {
      @PrimaryColumn({ type: 'int' }) id!: number;
    }
    expect(await refusal(1, Number)).toMatchObject({ code: 'DECLARATION_INVALID' });
  });
});

describe('pinned entities', () => {
  @Pinned({ domain: 'billing' })
  @Entity()
  class Invoice {
    @PrimaryColumn({ type: 'int' }) id!: number;
  }

  it('are refused in a sharded data source', async () => {
    expect(await refusal(1, Invoice)).toMatchObject({ code: 'WRONG_DOMAIN' });
  });

  it('cannot be related to a sharded entity; both are named', async () => {
    @Sharded({ tenant: 'none' })
    @Entity()
    class Line {
      @PrimaryColumn({ type: 'int' }) id!: number;
      @ManyToOne(() => Invoice) invoice!: Invoice;
    }
    const metadatas = await metadataOf(Invoice, Line);
    const line = metadatas.filter(({ name }) => name === 'Line');
    for (const check of [() => checkDeclarations(line, 1), () => checkPinned(metadatas)]) {
      expect(check).toThrow(
        expect.objectContaining({
          code: 'CROSS_DOMAIN_RELATION',
          from: 'Line',
          to: 'Invoice',
        }) as Error,
      );
    }
  });
});

describe('declarationOf', () => {
  it('knows schemas by their name, and refuses two that disagree', async () => {
    const options = { name: 'Note', columns: { id: { type: Number, primary: true } } } as const;
    const schema = shardedSchema(new EntitySchema<{ id: number }>(options), { tenant: 'none' });
    const [metadata] = await metadataOf(schema);
    expect(declarationOf(metadata as EntityMetadata)).toMatchObject({ domain: 'sharded' });
    shardedSchema(new EntitySchema(options), { tenant: 'none', ids: 'shardLocal' });
    const [again] = await metadataOf(schema);
    expect(() => declarationOf(again as EntityMetadata)).toThrow(
      expect.objectContaining({ code: 'DECLARATION_INVALID' }) as Error,
    );
  });

  it('gives a junction table the domain of its owner', async () => {
    const metadatas = await metadataOf(Inquiry, Check);
    const junction = metadatas.find(({ isJunction }) => isJunction) as EntityMetadata;
    expect(declarationOf(junction)).toMatchObject({ domain: 'sharded' });
  });
});
