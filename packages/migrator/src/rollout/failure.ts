import { isSwitchyardError } from '@switchyard/shard-context';
import type { Failure } from './events.ts';
import { isConnectionLost } from '@switchyard/mysql/internal';
import { withoutValues } from '../server/without-values.ts';

/** An error as reports show it: code, message, remedy; no stack, no values, no secrets. */
export function failureOf(error: unknown): Failure {
  if (isSwitchyardError(error)) {
    return { code: error.code, message: error.message, remedy: error.remedy };
  }
  const { code, message } = error as { code?: string; message?: string };
  const text = withoutValues(message ?? String(error));
  if (isConnectionLost(error)) {
    return {
      code: 'CONNECTION_LOST',
      message: `The connection was lost and did not come back: ${text}.`,
      remedy: 'Bring the server back, then use `switchyard resume`',
    };
  }
  return {
    code: code ?? 'UNEXPECTED',
    message: text,
    remedy: 'Run again with --verbose to see where it came from, then use `switchyard resume`',
  };
}

const UNREACHABLE = ['SHARD_UNAVAILABLE', 'SHARD_ACCESS_DENIED', 'SHARD_DATABASE_MISSING'];

/** True where the shard could not be connected to at all. */
export function isUnreachable({ code }: Failure): boolean {
  return UNREACHABLE.includes(code);
}
