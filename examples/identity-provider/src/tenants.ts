import type { AssignmentWish, Directory, KeyKind } from '@switchyard/directory';
import type { RoutingKey } from '@switchyard/shard-context';
import type { Session } from './session-token.ts';

/** The two kinds of keys, in the form that the provider gives its ids. */
export const KINDS: Readonly<Record<string, KeyKind>> = {
  'idp-organisation': { pattern: /^org_[A-Za-z0-9]{3,40}$/ },
  'idp-user': { pattern: /^user_[A-Za-z0-9]{3,40}$/ },
};

/** Whose data a session is about: the organisation's where one is chosen, else the user's own. */
export function keyOf({ org_id: organisation, sub }: Session): RoutingKey {
  return organisation === undefined
    ? { kind: 'idp-user', value: sub }
    : { kind: 'idp-organisation', value: organisation };
}

/** Called once, when an organisation or a user signs up. May be repeated. */
export async function signUp(
  directory: Directory,
  session: Session,
  tenant: string,
  wish: AssignmentWish,
): Promise<void> {
  await directory.assign(tenant, wish);
  await directory.addKey(keyOf(session), tenant);
}
