import type { TcpProxy } from '../../../test/support/servers/index.ts';
import type { Tenant } from './traffic.ts';

/** One request that must not be served as usual, and what it was answered. */
export interface Answer {
  readonly request: string;
  readonly expected: number;
  readonly status: number;
}

/** Three failures, three answers; and a tenant in the cache is served without the directory. */
export async function askBadly(url: string, known: Tenant, core: TcpProxy): Promise<Answer[]> {
  const ask = async (request: string, expected: number, key?: string): Promise<Answer> => {
    const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
    const { status } = await fetch(`${url}/templates`, { headers });
    return { request, expected, status };
  };
  const answers = [
    await ask('without a key', 401),
    await ask('with an unknown key', 404, 'no-such-key'),
  ];
  await core.cut();
  answers.push(
    await ask('with a new key, directory stopped', 503, 'another-unknown-key'),
    await ask('of a cached tenant, directory stopped', 200, known.key),
  );
  await core.heal();
  return answers;
}
