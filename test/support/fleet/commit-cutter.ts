import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { TcpTarget } from '../servers/index.ts';

/** What happens to the connection on which the next COMMIT is seen. */
export type CommitFault = 'none' | 'before' | 'after' | 'late';

/**
 * A proxy that cuts a connection at its COMMIT, before the server hears it or after; or keeps its
 * answer back for a second.
 */
export interface CommitCutter extends TcpTarget {
  fault: CommitFault;
  stop(): void;
}

const COMMIT = Buffer.from('COMMIT');
const LATE_MS = 1_000;

/** Starts such a proxy in front of `target`. */
export async function startCommitCutter(target: TcpTarget): Promise<CommitCutter> {
  const server = createServer((client) => {
    const upstream = connect({ host: target.host, port: target.port });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('data', (bytes) => {
      const cuts = cutter.fault !== 'none' && bytes.includes(COMMIT);
      if (cuts && cutter.fault === 'late') {
        upstream.pause();
        setTimeout(() => upstream.resume(), LATE_MS);
      }
      if (!cuts || cutter.fault === 'late') return void upstream.write(bytes);
      if (cutter.fault === 'before') upstream.destroy();
      else upstream.end(bytes); // the server gets it, and its answer reaches no client
      client.resetAndDestroy();
      return undefined;
    });
    upstream.on('data', (bytes) => !client.destroyed && client.write(bytes));
    client.on('close', () => upstream.end());
    upstream.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cutter: CommitCutter = {
    host: '127.0.0.1',
    port,
    fault: 'none',
    stop: () => void server.close(),
  };
  return cutter;
}
