/** Converts the provider's claims about a person into the fields of an account. Pure. */
import { HIDDEN_IN_LINE } from '../../../../text/hidden.ts';
import { Problem } from '../../../errors.ts';
import { ADDRESS } from '../../../schemas/people.ts';

/**
 * Claims about a person (OpenID Connect Core, section 5.1). Claims of the ID token take precedence over claims of the
 * UserInfo response.
 */
export type Claims = Readonly<Record<string, unknown>> & { iss: string; sub: string };

export interface Profile {
  issuer: string;
  subject: string;
  /** The preferred username of a new account. Another account may already have this username. */
  username: string;
  name: string;
  /** The e-mail address. Null if the provider gives none or says that it is not verified. */
  email: string | null;
}

export function profileOf(claims: Claims): Profile {
  const { iss, sub } = claims;
  const email = text(claims.email);
  const verified = claims.email_verified !== false;
  const username = usernameOf(text(claims.preferred_username) || email || sub);
  const full = text(claims.name) || `${text(claims.given_name)} ${text(claims.family_name)}`;
  return {
    issuer: iss,
    subject: sub,
    username,
    name: nameOf(full) || username,
    email: verified && isAddress(email) ? email : null,
  };
}

/**
 * Reads the groups from a claim, which is a list of names or one name. A person without the claim is in no group. Some
 * providers leave out a long list (`_claim_names`; Entra ID does from 200 groups on). The function throws in this case,
 * because the person would lose roles.
 */
export function groupsOf(claims: Claims, claim: string): string[] {
  const elsewhere = claims._claim_names;
  if (typeof elsewhere === 'object' && elsewhere !== null && claim in elsewhere) {
    throw new Problem(
      'forbidden',
      'You are in so many groups that the provider does not list them. Ask a site admin to make the provider send only the groups that the registry needs.',
    );
  }
  const value = claims[claim];
  const values = Array.isArray(value) ? value : [value];
  return values.filter((group) => typeof group === 'string');
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Makes a valid username. The username for an e-mail address is the part before the @. */
function usernameOf(wanted: string): string {
  const plain = (wanted.split('@', 1)[0] ?? '')
    .slice(0, 1000)
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    // The limit leaves room for a number, which is appended if the username is taken.
    .slice(0, 56);
  return plain || 'user';
}

/** Whether the registry accepts the e-mail address. */
const isAddress = (email: string): boolean =>
  email.length <= 254 && new RegExp(ADDRESS, 'u').test(email);

/** Makes a valid name. Hidden characters are removed instead of refused, because nobody could correct them here. */
const nameOf = (name: string): string =>
  name
    .replace(/[<>\s]+/g, ' ')
    .replace(HIDDEN_IN_LINE, '')
    .trim()
    .slice(0, 200)
    .toWellFormed();
