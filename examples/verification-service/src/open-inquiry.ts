import type { ShardedQueue } from '@switchyard/jobs/bullmq';
import type { DataSource, EntityManager } from 'typeorm';
import { Account } from './entities/account.ts';
import { Document } from './entities/document.ts';
import { Inquiry } from './entities/inquiry.ts';
import { VERIFY, type VerifyJob } from './verify-job.ts';

/**
 * Opens an inquiry for a customer of the tenant of the context, and enqueues its verification. Not a
 * word about shards or tenants: the context has both, and the data source stamps the tenant.
 */
export function openInquiry(
  reference: string,
  { dataSource, queue }: { dataSource: DataSource; queue: ShardedQueue<VerifyJob> },
): Promise<Inquiry> {
  return dataSource.transaction(async (manager) => {
    const account = await accountOf(manager, reference);
    await manager.increment(Account, { id: account.id }, 'inquiryCount', 1);
    const inquiry = await manager.save(manager.create(Inquiry, { accountId: account.id }));
    await manager.insert(Document, {
      inquiry,
      fileKey: `passports/${inquiry.id}`,
      fileType: 'image/jpeg',
      fileBytes: '48213',
    });
    await queue.add(VERIFY, { inquiry }); // sent after the commit, not at all after a rollback
    return inquiry;
  });
}

async function accountOf(manager: EntityManager, reference: string): Promise<Account> {
  const known = await manager.findOneBy(Account, { reference });
  return known ?? manager.save(manager.create(Account, { reference }));
}
