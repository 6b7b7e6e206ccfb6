import { Sharded } from '@switchyard/models';
import {
  Column,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  Tree,
  TreeChildren,
  TreeParent,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { empty, onBoth, onFirst, onSecond, startPlaces } from './house.ts';

interface Branch {
  id: number;
  name: string;
  children: Branch[];
  parent: Branch | null;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
@Tree('closure-table')
class Closure implements Branch {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @TreeChildren({ cascade: true }) children!: Closure[];
  @TreeParent() parent!: Closure | null;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
@Tree('materialized-path')
class Path implements Branch {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @TreeChildren({ cascade: true }) children!: Path[];
  @TreeParent() parent!: Path | null;
}

@Sharded({ tenant: 'none' })
@Entity()
@Tree('nested-set')
class Nested implements Branch {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @TreeChildren({ cascade: true }) children!: Nested[];
  @TreeParent() parent!: Nested | null;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Adjacent {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @ManyToOne(() => Adjacent, (parent) => parent.children) parent!: Adjacent | null;
  @OneToMany(() => Adjacent, (child) => child.parent) children!: Adjacent[];
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startPlaces([Closure, Path, Nested, Adjacent]);
});
beforeEach(() => empty(fleet, 'closure_closure', 'closure', 'path', 'nested', 'adjacent'));
afterAll(() => fleet?.stop());

const KINDS: [string, new () => Branch][] = [
  ['closure-table', Closure],
  ['materialized-path', Path],
  ['nested-set', Nested],
];

describe.each(KINDS)('a %s tree', (_name, entity) => {
  const trees = () => fleet.dataSource.getTreeRepository(entity);
  const grow = (shard: string) => async () => {
    const root = await trees().save({ id: 1, name: `root ${shard}` });
    const child = await trees().save({ id: 2, name: `child ${shard}`, parent: root });
    await trees().save({ id: 3, name: `leaf ${shard}`, parent: child });
  };

  it('grows on each shard, and is read in all directions', async () => {
    const found = await onBoth(fleet, async (shard) => {
      await grow(shard)();
      const [tree] = await trees().findTrees();
      const leaf = await trees().findOneByOrFail({ id: 3 });
      const root = (await trees().findRoots())[0] as Branch;
      return [
        tree?.children[0]?.children[0]?.name,
        (await trees().findAncestors(leaf)).map(({ name }) => name).sort(),
        (await trees().findAncestorsTree(leaf)).parent?.parent?.name,
        (await trees().findDescendants(root)).length,
        await trees().countDescendants(root),
        await trees().countAncestors(leaf),
      ];
    });
    const expected = (shard: string) => [
      `leaf ${shard}`,
      [`child ${shard}`, `leaf ${shard}`, `root ${shard}`],
      `root ${shard}`,
      3,
      3,
      3,
    ];
    expect(found).toEqual([expected('us1'), expected('us2')]);
  });

  it('moves a branch on its own shard, and refuses one of another shard', async () => {
    await onBoth(fleet, (shard) => grow(shard)());
    await onFirst(fleet, async () => {
      const [root, leaf] = [
        await trees().findOneByOrFail({ id: 1 }),
        await trees().findOneByOrFail({ id: 3 }),
      ];
      leaf.parent = root;
      await trees().save(leaf);
      expect(await trees().countAncestors(leaf)).toBe(2);
    });
    const foreign = await onFirst(fleet, () => trees().findOneByOrFail({ id: 1 }));
    const mix = onSecond(fleet, () => trees().save({ id: 9, name: 'x', parent: foreign }));
    await expect(mix).rejects.toMatchObject({ code: 'RECORD_MISPLACED' });
    const there = await onSecond(fleet, async () =>
      trees().countAncestors(await trees().findOneByOrFail({ id: 3 })),
    );
    expect(there).toBe(3);
  });

  it('loses a leaf on its own shard', async () => {
    await onBoth(fleet, (shard) => grow(shard)());
    await onFirst(fleet, async () => {
      await trees().remove(await trees().findOneByOrFail({ id: 3 }));
    });
    const left = await onBoth(fleet, async () => trees().count());
    expect(left).toEqual([2, 3]);
  });
});

describe.each(KINDS.slice(0, 2))('a %s tree whose reads are scoped', (_name, entity) => {
  it('grows and is moved as one whose reads are not', async () => {
    const scoped = await fleet.open({ entities: [entity], scopeReads: true });
    const trees = () => scoped.getTreeRepository(entity);
    const counts = await onBoth(fleet, async (shard) => {
      const root = await trees().save({ id: 1, name: `root ${shard}` });
      const child = await trees().save({ id: 2, name: `child ${shard}`, parent: root });
      const leaf = await trees().save({ id: 3, name: `leaf ${shard}`, parent: child });
      const deep = await trees().countAncestors(leaf);
      await trees().save({ ...leaf, parent: root });
      return [deep, await trees().countAncestors(leaf), await trees().countDescendants(root)];
    });
    expect(counts).toEqual([
      [3, 2, 3],
      [3, 2, 3],
    ]);
  });
});

describe('an adjacency list', () => {
  it('is written and joined on its shard', async () => {
    const list = () => fleet.dataSource.getRepository(Adjacent);
    const found = await onBoth(fleet, async (shard) => {
      const parent = await list().save({ id: 1, name: `root ${shard}` });
      await list().save({ id: 2, name: `child ${shard}`, parent });
      const root = await list().findOneOrFail({ where: { id: 1 }, relations: { children: true } });
      return root.children[0]?.name;
    });
    expect(found).toEqual(['child us1', 'child us2']);
  });
});

describe('a nested-set tree of tenants', () => {
  it('is refused at start-up, because its numbers run over all tenants’ rows', async () => {
    @Sharded({ tenant: 'tenantId' })
    @Entity()
    @Tree('nested-set')
    class Owned {
      @PrimaryColumn({ type: 'int' }) id!: number;
      @Column({ type: 'varchar', length: 20 }) tenantId!: string;
      @TreeChildren() children!: Owned[];
      @TreeParent() parent!: Owned;
    }
    await expect(fleet.open({ entities: [Owned] })).rejects.toMatchObject({
      code: 'DECLARATION_INVALID',
      entity: 'Owned',
    });
  });
});
