import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * The answer to one inline command, as text. Servers given by the environment may want the password
 * in their URL; Redis's own protocol keeps this free of a client.
 */
export async function askRedis(url: string, command: string): Promise<string> {
  const { hostname, port, username, password } = new URL(url);
  const socket = connect({ host: hostname, port: port === '' ? 6379 : Number(port) });
  socket.setTimeout(5000, () => socket.destroy(new Error('Redis does not answer')));
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  const words = [username, password].filter((word) => word !== '').map(decodeURIComponent);
  const login = password === '' ? '' : `AUTH ${words.join(' ')}\r\n`;
  socket.write(`${login}${command}\r\nQUIT\r\n`);
  await once(socket, 'close');
  return answer;
}
