import { copyFileSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import { startMysqlServer, type PrivateMysqlServer } from '../support/servers/index.ts';
import type { Authority, Certificate } from './certificates.ts';

/** The name in the server's certificate, which is no name of the machine's. */
export const SERVER_NAME = 'db.switchyard.test';

/** A server whose certificate a test may exchange while it runs. */
export class EncryptedServer {
  readonly server: PrivateMysqlServer;
  readonly #files: Certificate;

  private constructor(server: PrivateMysqlServer, files: Certificate) {
    this.server = server;
    this.#files = files;
  }

  /** Starts it with a certificate for `SERVER_NAME` and 127.0.0.1. */
  static async start(authority: Authority, args: readonly string[] = []): Promise<EncryptedServer> {
    const files = authority.sign('server', `DNS:${SERVER_NAME},IP:127.0.0.1`);
    const server = await startMysqlServer({
      args: [
        `--ssl-ca=${authority.caFile}`,
        `--ssl-cert=${files.certFile}`,
        `--ssl-key=${files.keyFile}`,
        ...args,
      ],
    });
    return new EncryptedServer(server, files);
  }

  /** Lets no one in without encryption from now on: the harness had to come in. */
  async encryptOnly(): Promise<void> {
    await this.sql('SET GLOBAL require_secure_transport = ON');
  }

  /** Shows another certificate from now on. */
  async show(certificate: Certificate): Promise<void> {
    copyFileSync(certificate.certFile, this.#files.certFile);
    copyFileSync(certificate.keyFile, this.#files.keyFile);
    const mariadb = this.server.engine === 'mariadb';
    await this.sql(mariadb ? 'FLUSH SSL' : 'ALTER INSTANCE RELOAD TLS');
  }

  async sql(...statements: string[]): Promise<void> {
    const { host, port, user, password } = this.server;
    const ssl = { rejectUnauthorized: false }; // the test itself, whatever is shown
    const connection = await createConnection({ host, port, user, password, ssl });
    try {
      for (const statement of statements) await connection.query(statement);
    } finally {
      await connection.end();
    }
  }
}
