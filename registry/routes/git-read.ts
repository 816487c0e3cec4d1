/** Finds the token in a request of git, and decides which refs its owner may see. */
import { isReviewRef, isVersionRef } from '../../text/refs.ts';
import { type Actor, type DefinitionFacts, decide, type Rules } from '../access/decide.ts';

export interface View {
  /** Callers with the same text see the same refs. */
  visibility: string;
  visible: (ref: string) => boolean;
}

/**
 * Decides which refs a caller may fetch. Everybody who sees the definition may fetch its versions. Everybody who may take
 * part in reviews may also fetch branches and merge requests. Nobody may fetch the registry's own refs.
 */
export function viewOf(actor: Actor, { labId }: DefinitionFacts, rules: Rules): View {
  const action = { on: 'merge-request', do: 'read', labId } as const;
  return decide(actor, action, rules).allowed ? REVIEWS : VERSIONS;
}

const VERSIONS: View = {
  visibility: 'versions',
  visible: isVersionRef,
};
const REVIEWS: View = {
  visibility: 'reviews',
  visible: (ref: string) => isVersionRef(ref) || isReviewRef(ref),
};

/**
 * Returns the token in HTTP Basic credentials (RFC 7617), where it is the password. Returns an empty text if there is
 * no token.
 */
export function tokenIn(credentials: string): string {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(credentials) ?? [];
  const decoded = Buffer.from(encoded ?? '', 'base64').toString();
  return decoded.slice(decoded.indexOf(':') + 1);
}
