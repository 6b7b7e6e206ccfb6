import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Account, AuditEntry } from './entities.ts';

/** Ordinary TypeORM code: nothing here knows of shards or tenants. */
@Injectable()
export class AccountsService {
  readonly #accounts: Repository<Account>;
  readonly #audit: Repository<AuditEntry>;

  constructor(
    @InjectRepository(Account) accounts: Repository<Account>,
    @InjectRepository(AuditEntry) audit: Repository<AuditEntry>,
  ) {
    this.#accounts = accounts;
    this.#audit = audit;
  }

  /** All accounts of the shard, in the order of their names. */
  list(): Promise<Account[]> {
    return this.#accounts.find({ order: { name: 'ASC' } });
  }

  /** Saves an account; its tenant and id are not ours to give. */
  add(name: string): Promise<Account> {
    return this.#accounts.save(this.#accounts.create({ name }));
  }

  /** What the subscriber wrote down. */
  audit(): Promise<AuditEntry[]> {
    return this.#audit.find({ order: { id: 'ASC' } });
  }
}
