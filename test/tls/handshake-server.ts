import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificate } from './certificates.ts';

const LONG_PASSWORD = 0x1;
const CONNECT_WITH_DB = 0x8;
const PROTOCOL_41 = 0x200;
const SSL = 0x800;
const TRANSACTIONS = 0x2000;
const SECURE_CONNECTION = 0x8000;
const PLUGIN_AUTH = 0x80000;
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
/** A packet of this length is a wish for encryption, and no log-in. */
const SSL_REQUEST = 32;

/**
 * Speaks the hand-shake of MySQL's protocol and asks each client for its secret in clear text, as
 * the log-in plugins of cloud vendors do. Keeps what it was told.
 */
export class HandshakeServer {
  /** Connections that were opened. */
  connections = 0;
  /** What came after the hello: log-ins, and secrets in clear text. */
  readonly logins: string[] = [];
  readonly secrets: string[] = [];
  readonly #server: Server;
  readonly #certificate: Certificate | undefined;
  readonly #sockets = new Set<Socket>();

  private constructor(certificate: Certificate | undefined) {
    this.#certificate = certificate;
    this.#server = createServer((socket) => this.#greet(socket));
  }

  /** With a certificate it offers encryption, without one it does not. */
  static async start(certificate?: Certificate): Promise<HandshakeServer> {
    const server = new HandshakeServer(certificate);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #greet(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    send(socket, 0, greeting(this.#certificate !== undefined));
    socket.once('data', (packet) => {
      if (packet.readUIntLE(0, 3) !== SSL_REQUEST) return this.#ask(socket, packet);
      socket.pause();
      socket.unshift(packet.subarray(SSL_REQUEST + 4)); // the client's hello may have come with it
      const secure = new TLSSocket(socket, {
        isServer: true,
        cert: this.#certificate?.cert,
        key: this.#certificate?.key,
      });
      secure.on('error', () => undefined);
      secure.once('data', (login: Buffer) => this.#ask(secure, login));
    });
  }

  #ask(socket: Socket, login: Buffer): void {
    this.logins.push(login.toString('latin1'));
    const sequence = login[3] ?? 0;
    socket.once('data', (answer: Buffer) => {
      this.secrets.push(answer.subarray(4, -1).toString());
      send(socket, (answer[3] ?? 0) + 1, OK);
      socket.on('data', () => send(socket, 1, OK));
    });
    send(socket, sequence + 1, Buffer.from('\xfemysql_clear_password\0', 'latin1'));
  }
}

function greeting(encrypts: boolean): Buffer {
  const capabilities =
    LONG_PASSWORD |
    CONNECT_WITH_DB |
    PROTOCOL_41 |
    TRANSACTIONS |
    SECURE_CONNECTION |
    PLUGIN_AUTH |
    (encrypts ? SSL : 0);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt16LE(capabilities & 0xffff, 0);
  numbers[2] = 45; // utf8mb4
  numbers.writeUInt16LE(2, 3);
  numbers.writeUInt16LE(capabilities >>> 16, 5);
  numbers[7] = 21;
  return Buffer.concat([
    Buffer.from('\x0a9.7.4\0\x04\0\0\0aaaaaaaa\0', 'latin1'),
    numbers,
    Buffer.alloc(10),
    Buffer.from('bbbbbbbbbbbb\0mysql_native_password\0', 'latin1'),
  ]);
}

function send(socket: Socket, sequence: number, payload: Buffer): void {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  if (socket.writable) socket.write(Buffer.concat([header, payload]));
}
