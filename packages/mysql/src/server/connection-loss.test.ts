import { describe, expect, it } from 'vitest';
import { isConnectionLost, wasNotSent } from './connection-loss.ts';
import { ServerError } from './server-errors.ts';

const failure = (fields: object) => Object.assign(new Error('told'), fields);
const numbered = (errno: number) => failure({ errno, code: 'ER_X' });

/** What the server means: the last answer that this connection gives. */
const ENDS = new Set<number>([
  ServerError.ER_SERVER_SHUTDOWN,
  ServerError.ER_NORMAL_SHUTDOWN,
  ServerError.ER_SHUTDOWN_COMPLETE,
  ServerError.ER_CONNECTION_KILLED,
  ServerError.CR_SERVER_GONE_ERROR,
  ServerError.CR_SERVER_LOST,
  ServerError.ER_SESSION_WAS_KILLED,
  ServerError.ER_CLIENT_INTERACTION_TIMEOUT,
]);

describe('what counts as a lost connection', () => {
  it.each(Object.entries(ServerError))('%s (%i) says it exactly where it ends one', (_name, n) => {
    expect(isConnectionLost(numbered(n))).toBe(ENDS.has(n));
    expect(wasNotSent(numbered(n))).toBe(false);
  });

  it('is 4031 of MySQL, and not of MariaDB, where it is about a trigger', () => {
    const message =
      "Referenced trigger 'a' for the given action time and event type does not exist";
    expect(isConnectionLost(Object.assign(new Error(message), { errno: 4031 }))).toBe(false);
  });

  it.each([
    ['PROTOCOL_CONNECTION_LOST', 'read'],
    ['PROTOCOL_SEQUENCE_TIMEOUT', 'query'],
    ['ECONNRESET', 'read'],
    ['ECONNABORTED', 'read'],
    ['EPIPE', 'write'],
    ['ETIMEDOUT', 'read'],
    ['EHOSTUNREACH', 'read'],
    ['ENETUNREACH', 'read'],
    ['ENETDOWN', 'write'],
    ['EHOSTDOWN', 'write'],
  ])('is %s on an open connection, and what was sent may have arrived', (code, syscall) => {
    const lost = failure({ code, syscall, errno: -1, fatal: true });
    expect([isConnectionLost(lost), wasNotSent(lost)]).toEqual([true, false]);
  });

  it.each(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET'])(
    'is %s while connecting, and nothing was sent',
    (code) => {
      const lost = failure({ code, syscall: 'connect', errno: -1, fatal: true });
      expect([isConnectionLost(lost), wasNotSent(lost)]).toEqual([true, true]);
    },
  );

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])('is %s, and nothing was sent', (code) => {
    const lost = failure({ code });
    expect([isConnectionLost(lost), wasNotSent(lost)]).toEqual([true, true]);
  });

  it.each([
    "Can't add new command when connection is in closed state",
    "Can't write in closed state",
    'Pooled connection is closed',
  ])('is the driver’s “%s”, and nothing was sent', (message) => {
    const lost = new Error(message);
    expect([isConnectionLost(lost), wasNotSent(lost)]).toEqual([true, true]);
  });

  it('is what the driver calls fatal, unless the server said why it lets no one in', () => {
    expect(isConnectionLost(failure({ fatal: true, code: 'PROTOCOL_UNEXPECTED_PACKET' }))).toBe(
      true,
    );
    expect(isConnectionLost(failure({ fatal: true, errno: 1045 }))).toBe(false);
    expect(isConnectionLost(failure({ fatal: true, code: 'HANDSHAKE_SSL_ERROR' }))).toBe(false);
    expect(isConnectionLost(failure({ fatal: true, code: 'HANDSHAKE_NO_SSL_SUPPORT' }))).toBe(
      false,
    );
  });

  it('is found in what TypeORM and our own errors wrap', () => {
    const lost = failure({ code: 'ECONNRESET', syscall: 'read' });
    expect(isConnectionLost(failure({ driverError: lost }))).toBe(true);
    expect(
      isConnectionLost(new Error('outer', { cause: new Error('inner', { cause: lost }) })),
    ).toBe(true);
    const round = new Error('a');
    round.cause = round;
    expect(isConnectionLost(round)).toBe(false);
  });

  it('is nothing else', () => {
    for (const other of [undefined, null, 'lost', new Error('plain'), new RangeError('x')]) {
      expect([isConnectionLost(other), wasNotSent(other)]).toEqual([false, false]);
    }
  });
});
