import { outsideContext, type Placement } from '@switchyard/shard-context';
import { judge, type Finding } from './finding.ts';
import { randomName } from './random-name.ts';
import { walk, type Seen, type WalkParts } from './walk.ts';

/** How much is audited. */
export interface AuditOptions {
  /** At most so many tenants, from a place at random among them. Default: all. */
  readonly sample?: number | undefined;
}

/** What an audit looked at, and what it found. */
export interface AuditReport {
  /** Tenants that were looked at, of both sides together. */
  readonly tenants: number;
  readonly findings: readonly Finding[];
}

/** What an audit works on: how to read again what one tenant's placement is, as well. */
export interface AuditParts extends WalkParts {
  readonly readPlacement: (tenant: string) => Promise<Placement | undefined>;
}

/**
 * Compares placements and the shards' rows in both directions. What contradicts itself is read once
 * more before it is reported, because tenants are assigned and moved meanwhile. Changes nothing.
 */
export async function audit(parts: AuditParts, options: AuditOptions = {}): Promise<AuditReport> {
  return outsideContext(async () => {
    const findings: Finding[] = [];
    let tenants = 0;
    for await (const seen of sampled(parts, options.sample)) {
      tenants += 1;
      if (judge(seen) === undefined) continue;
      const finding = await lookAgain(parts, seen.tenant);
      if (finding !== undefined) findings.push(finding);
    }
    return { tenants, findings };
  });
}

/** What both sides say of the tenant now, where that contradicts itself. */
export async function lookAgain(
  { tenants, readPlacement }: AuditParts,
  tenant: string,
): Promise<Finding | undefined> {
  const placement = await readPlacement(tenant);
  const rows = await tenants.find(tenant);
  const finding = judge({ placement, rows });
  return finding && { tenant, finding, placement, rows };
}

async function* sampled(parts: AuditParts, sample: number | undefined): AsyncGenerator<Seen> {
  if (sample === undefined) return yield* walk(parts);
  let left = sample;
  const start = await randomName((after) => firstBehind(parts, after));
  for await (const seen of walk(parts, start)) {
    if (left-- <= 0) return;
    yield seen;
  }
  // The place was near the end: the rest is taken from the beginning.
  for await (const seen of walk(parts)) {
    if (left-- <= 0 || (start !== undefined && isBehind(seen.tenant, start))) return;
    yield seen;
  }
}

/** The first name behind a text that any side knows. */
async function firstBehind({ tenants, shards, placements }: AuditParts, after: string | undefined) {
  const pages = [
    placements(after, 1),
    ...shards.map((at) => tenants.list(at, { after, limit: 1 })),
  ];
  const firsts = (await Promise.all(pages)).flatMap((page) => page[0]?.tenant ?? []);
  return firsts.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))[0];
}

function isBehind(name: string, start: string): boolean {
  return Buffer.compare(Buffer.from(name), Buffer.from(start)) > 0;
}
