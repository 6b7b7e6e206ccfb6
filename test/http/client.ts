import { once } from 'node:events';
import { Agent, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The local port of the connection: equal for two answers on one kept-alive connection. */
  readonly connection: number | undefined;
}

/** A client that keeps its connections alive, as services' clients do. */
export class Client {
  readonly #agent: Agent;
  readonly #server: Server;

  constructor(server: Server, connections: number) {
    this.#server = server.setMaxListeners(0); // one for each post that is on its way
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  async get(path: string, key?: string): Promise<Answer> {
    return read(await this.open(path, key));
  }

  /** The response as soon as its headers are there; its body is the caller's. */
  async open(path: string, key?: string): Promise<IncomingMessage> {
    const call = request({ ...this.#to(path), headers: headersOf(key) });
    call.end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    return response;
  }

  /** Starts a request and gives the way to leave before any answer. */
  leaveEarly(path: string, key: string): () => void {
    const call = request({ ...this.#to(path), headers: headersOf(key) });
    call.on('error', () => undefined); // the hang-up that the test asks for
    call.end();
    return () => call.destroy();
  }

  /** Posts JSON in two parts; the second leaves only when the server has begun with the first. */
  async post(path: string, body: object, key?: string): Promise<Answer> {
    const text = JSON.stringify(body);
    const id = String(Math.random());
    const begun = arrival(this.#server, id);
    const headers = { ...headersOf(key), 'content-type': 'application/json', 'x-id': id };
    const call = request({ ...this.#to(path), method: 'POST', headers });
    call.write(text.slice(0, 5));
    const [response] = await Promise.all([
      once(call, 'response') as Promise<[IncomingMessage]>,
      begun.then(() => call.end(text.slice(5))),
    ]);
    return read(response[0]);
  }

  close(): void {
    this.#agent.destroy();
  }

  #to(path: string) {
    const { port } = this.#server.address() as AddressInfo;
    return { host: '127.0.0.1', port, path, agent: this.#agent };
  }
}

function headersOf(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'x-api-key': key };
}

function arrival(server: Server, id: string): Promise<void> {
  return new Promise((resolve) => {
    const seen = (incoming: IncomingMessage) => {
      if (incoming.headers['x-id'] !== id) return;
      server.off('request', seen);
      resolve();
    };
    server.on('request', seen);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  const connection = response.socket.localPort;
  const body = await text(response);
  return { status: response.statusCode ?? 0, headers: response.headers, body, connection };
}
