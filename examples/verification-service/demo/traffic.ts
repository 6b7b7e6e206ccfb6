import { setTimeout as pause } from 'node:timers/promises';

/** A tenant of the demo, with the key that its requests carry. */
export interface Tenant {
  readonly name: string;
  readonly shard: string;
  readonly key: string;
}

/** An inquiry that the service acknowledged: it must be found on its tenant's shard later. */
export interface Acknowledged {
  readonly id: string;
  readonly tenant: string;
}

/** What the service answers to a created inquiry. */
interface Created {
  readonly id: string;
  readonly servedBy: string;
}

/** Time between two requests of one tenant; 12 tenants make about 200 requests a second. */
const PAUSE_MS = 50;

/** Requests of all tenants at once, for as long as it runs; keeps the acknowledged writes. */
export class Traffic {
  readonly acknowledged: Acknowledged[] = [];
  readonly failures: string[] = [];
  requests = 0;
  readonly #url: string;
  readonly #tenants: readonly Tenant[];
  #running: Promise<unknown> | undefined;
  #stopped = false;

  constructor(url: string, tenants: readonly Tenant[]) {
    this.#url = url;
    this.#tenants = tenants;
  }

  start(): void {
    this.#running = Promise.all(this.#tenants.map((tenant) => this.#keepAsking(tenant)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Waits until so many inquiries were acknowledged. */
  async reached(count: number): Promise<void> {
    while (this.acknowledged.length < count && this.failures.length === 0) await pause(20);
  }

  async #keepAsking(tenant: Tenant): Promise<void> {
    while (!this.#stopped) {
      await this.#createAndRead(tenant).catch((error: unknown) => {
        this.failures.push(`${tenant.name}: ${String(error)}`);
      });
      await pause(PAUSE_MS);
    }
  }

  async #createAndRead(tenant: Tenant): Promise<void> {
    const reference = `customer-${this.acknowledged.length % 5}`;
    const created = (await this.#ask(tenant, 'POST', '/inquiries', { reference })) as Created;
    this.acknowledged.push({ id: created.id, tenant: tenant.name });
    if (created.servedBy !== tenant.shard) throw new Error(`was served by ${created.servedBy}`);
    const read = (await this.#ask(tenant, 'GET', `/inquiries/${created.id}`)) as Created;
    if (read.id !== created.id) throw new Error(`read ${read.id} instead of ${created.id}`);
  }

  async #ask(tenant: Tenant, method: string, path: string, body?: object): Promise<unknown> {
    this.requests += 1;
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { 'x-api-key': tenant.key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`${method} ${path} ${response.status} ${await response.text()}`);
    return response.json();
  }
}
