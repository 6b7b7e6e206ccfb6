import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP address. */
export interface TcpTarget {
  readonly host: string;
  readonly port: number;
}

/** A small TCP proxy between a client and a server, for faults that a network makes. */
export interface TcpProxy extends TcpTarget {
  /** Connections that are open now. */
  readonly connections: number;
  /** Connections that were ever accepted. */
  readonly accepted: number;
  /** Resets all connections and refuses new ones until {@link heal}. */
  cut(): void;
  /** Resets the connections that are open now; new ones are accepted. */
  resetConnections(): void;
  /** Swallows all bytes without closing anything, as a dead route does, until {@link heal}. */
  stall(): void;
  /** Ends {@link cut} and {@link stall}; the swallowed bytes are then delivered. */
  heal(): void;
  /** Adds milliseconds to each piece of data in both directions. Default 0. */
  delay(ms: number): void;
  /** New connections go to another server; open ones stay where they are. */
  retarget(to: TcpTarget): void;
  /** Ends the proxy with all its connections. */
  stop(): Promise<void>;
}

/** Starts a proxy to `target` on a free port of 127.0.0.1. */
export async function startTcpProxy(target: TcpTarget): Promise<TcpProxy> {
  const proxy = new FaultProxy(target);
  await proxy.listen();
  return proxy;
}

class FaultProxy implements TcpProxy {
  readonly host = '127.0.0.1';
  accepted = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #target: TcpTarget;
  #delayMs = 0;
  #isCut = false;
  #healed: Promise<void> = Promise.resolve();
  #healNow: () => void = () => undefined;

  constructor(target: TcpTarget) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
  }

  cut(): void {
    this.#isCut = true;
    this.resetConnections();
  }

  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  stall(): void {
    this.#healed = new Promise((resolve) => (this.#healNow = resolve));
  }

  heal(): void {
    this.#isCut = false;
    this.#healNow();
  }

  delay(ms: number): void {
    this.#delayMs = ms;
  }

  retarget(to: TcpTarget): void {
    this.#target = to;
  }

  async stop(): Promise<void> {
    this.cut();
    this.#healNow();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    if (this.#isCut) {
      client.resetAndDestroy();
      return;
    }
    this.accepted++;
    const upstream = connect({ host: this.#target.host, port: this.#target.port });
    void this.#pump(client, upstream);
    void this.#pump(upstream, client);
  }

  /** Carries bytes one way; either end's end is the other's. */
  async #pump(from: Socket, to: Socket): Promise<void> {
    this.#sockets.add(from);
    from.setNoDelay(true).on('error', () => to.destroy());
    from.once('close', () => this.#sockets.delete(from));
    try {
      for await (const bytes of from) await this.#carry(bytes as Buffer, to);
      to.end();
    } catch {
      to.destroy();
    }
  }

  async #carry(bytes: Buffer, to: Socket): Promise<void> {
    if (this.#delayMs > 0) await sleep(this.#delayMs);
    await this.#healed;
    if (to.destroyed || to.write(bytes)) return;
    await Promise.race([once(to, 'drain'), once(to, 'close')]);
  }
}
