import { request } from 'node:http';
import { existsSync } from 'node:fs';

const SOCKET = '/var/run/docker.sock';
const ANSWERS_WITHIN_MS = 1500;
let answer: Promise<boolean> | undefined;

/** True where a Docker engine answers at once; asked once per process. `SWITCHYARD_DOCKER=0`: no. */
export function dockerAnswers(): Promise<boolean> {
  return (answer ??= process.env['SWITCHYARD_DOCKER'] === '0' ? Promise.resolve(false) : ping());
}

function ping(): Promise<boolean> {
  const where = engineAddress();
  if (where === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const asked = request({ ...where, path: '/_ping', timeout: ANSWERS_WITHIN_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer')));
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

function engineAddress(): { socketPath: string } | { host: string; port: string } | undefined {
  const host = process.env['DOCKER_HOST'];
  if (host === undefined) return existsSync(SOCKET) ? { socketPath: SOCKET } : undefined;
  const url = new URL(host);
  return url.protocol === 'unix:'
    ? { socketPath: url.pathname }
    : { host: url.hostname, port: url.port };
}
