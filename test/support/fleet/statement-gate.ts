import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { TcpTarget } from '../servers/index.ts';

/** Where a client is held: the server has not heard its statement, or has answered and the client does not know. */
export type GateSide = 'before' | 'after';

/** A proxy that holds a client at one of its statements, so that it can be killed just there. */
export interface StatementGate extends TcpTarget {
  /** Statements that went through, in their order. */
  readonly seen: readonly string[];
  /** Holds the next connection that sends a statement with this text in it. Resolves when it is held. */
  hold(statement: string, side: GateSide): Promise<void>;
  /** Drops who is held; the server rolls back and frees its locks. Resolves when it has let go. */
  dropHeld(): Promise<void>;
  stop(): void;
}

const COM_QUERY = 3;

/** Starts such a proxy in front of `target`. */
export async function startStatementGate(target: TcpTarget): Promise<StatementGate> {
  const gate = new Gate(target);
  await gate.listen();
  return gate;
}

interface Hold {
  readonly statement: string;
  readonly side: GateSide;
  readonly reached: () => void;
}

class Gate implements StatementGate {
  readonly host = '127.0.0.1';
  readonly seen: string[] = [];
  readonly #server = createServer((client) => this.#accept(client));
  readonly #target: TcpTarget;
  readonly #held: { client: Socket; upstream: Socket }[] = [];
  #hold: Hold | undefined;

  constructor(target: TcpTarget) {
    this.#target = target;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
  }

  hold(statement: string, side: GateSide): Promise<void> {
    return new Promise((reached) => (this.#hold = { statement, side, reached }));
  }

  async dropHeld(): Promise<void> {
    for (const { client, upstream } of this.#held.splice(0)) {
      client.destroy();
      upstream.end();
      if (!upstream.closed) await once(upstream, 'close');
    }
  }

  stop(): void {
    this.#server.close();
  }

  #accept(client: Socket): void {
    const { host, port } = this.#target;
    const upstream = connect({ host, port });
    let held: Hold | undefined; // it has sent the statement
    const isHeld = (side: GateSide) => {
      if (held?.side !== side) return false;
      this.#held.push({ client, upstream });
      held.reached();
      return true;
    };
    client.on('data', (bytes) => {
      held ??= this.#holdFor(bytes);
      if (!isHeld('before')) upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (!isHeld('after')) client.write(bytes);
    });
    client.on('error', () => upstream.destroy()).on('close', () => held ?? upstream.end());
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
  }

  #holdFor(bytes: Buffer): Hold | undefined {
    if (bytes[3] !== 0 || bytes[4] !== COM_QUERY) return undefined;
    const text = bytes.toString('utf8', 5);
    this.seen.push(text);
    const hold = this.#hold;
    if (hold === undefined || !text.includes(hold.statement)) return undefined;
    this.#hold = undefined;
    return hold;
  }
}
