import { createServer } from 'node:net';

// Below Linux's range for outgoing connections (32768 and up), so that a server that was killed
// finds its port free when it is started again.
const LOWEST = 15_000;
const HIGHEST = 31_000;

/**
 * A port on 127.0.0.1 on which no process listens now. Another process may take it before the caller
 * does: a caller whose server cannot start on it must try again with another port.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
