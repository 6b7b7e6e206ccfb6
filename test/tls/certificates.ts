import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, as files and as text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority of a test, which signs certificates by OpenSSL. */
export class Authority {
  readonly folder: string;
  readonly ca: string;
  readonly caFile: string;

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `switchyard-tls-${name}-`));
    chmodSync(this.folder, 0o755); // the server runs as another user
    mkdirSync(join(this.folder, 'new'));
    writeFileSync(join(this.folder, 'index'), '');
    writeFileSync(join(this.folder, 'serial'), '1000');
    writeFileSync(join(this.folder, 'config'), this.#config());
    this.caFile = join(this.folder, 'ca.pem');
    this.#openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
      ...['-keyout', 'ca.key', '-out', 'ca.pem'],
    );
    this.ca = readFileSync(this.caFile, 'utf8');
  }

  /** Signs a certificate for `names` such as `DNS:db.test` or `IP:127.0.0.1`. */
  sign(file: string, names: string, valid: 'now' | 'no more' = 'now'): Certificate {
    const [from, until] =
      valid === 'now'
        ? ['20200101000000Z', '20991231000000Z']
        : ['20200101000000Z', '20200102000000Z'];
    writeFileSync(join(this.folder, 'extensions'), `subjectAltName=${names}\n`);
    this.#openssl(
      ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${file}`],
      ...['-keyout', `${file}.key`, '-out', `${file}.request`],
    );
    this.#openssl(
      ...['ca', '-batch', '-notext', '-config', 'config', '-in', `${file}.request`],
      ...['-out', `${file}.pem`, '-extfile', 'extensions', '-startdate', from!, '-enddate', until!],
    );
    chmodSync(join(this.folder, `${file}.key`), 0o644);
    const at = (end: string) => join(this.folder, `${file}.${end}`);
    return {
      certFile: at('pem'),
      keyFile: at('key'),
      cert: readFileSync(at('pem'), 'utf8'),
      key: readFileSync(at('key'), 'utf8'),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }

  #config(): string {
    return [
      '[ca]',
      'default_ca=own',
      '[own]',
      'database=index',
      'serial=serial',
      'new_certs_dir=new',
      'certificate=ca.pem',
      'private_key=ca.key',
      'default_md=sha256',
      'policy=any',
      'unique_subject=no',
      '[any]',
      'commonName=supplied',
    ].join('\n');
  }
}
