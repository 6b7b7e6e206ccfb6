import 'reflect-metadata';
import { SwitchyardError } from '@switchyard/shard-context/internal';
import { Column, Entity, getMetadataArgsStorage, PrimaryColumn } from 'typeorm';
import { describe, expect, it } from 'vitest';

class Owner {
  name = 'owner';
}

@Entity()
class Ticket {
  @PrimaryColumn('int')
  id!: number;

  @Column('varchar')
  title?: string;

  @Reflect.metadata('seen', true)
  owner!: Owner;
}

describe('TypeScript as the tests run it', () => {
  it('registers entities by their decorators', () => {
    const columns = getMetadataArgsStorage().columns.filter((c) => c.target === Ticket);
    expect(columns.map((c) => c.propertyName)).toEqual(['id', 'title']);
  });

  it('emits the types of decorated members', () => {
    expect(Reflect.getMetadata('design:type', Ticket.prototype, 'owner')).toBe(Owner);
  });

  it('defines no fields that the class only declares', () => {
    expect(Object.keys(new Ticket())).toEqual([]);
  });

  it('takes packages from their sources', () => {
    class Refused extends SwitchyardError {}
    let reader = '';
    const refusal = {
      get attempted() {
        reader = new Error('who reads this').stack ?? '';
        return 'a test';
      },
      reason: 'none',
      remedy: 'None',
    };
    expect(new Refused(refusal).remedy).toBe('None');
    expect(reader).toContain('packages/shard-context/src/errors.ts');
  });
});
