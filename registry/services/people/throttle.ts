/**
 * Limits failed sign-ins, invalid tokens and invalid enrolment codes. Only failures count. Right credentials are refused
 * only if this name was just tried too often from the same address. Each process counts in memory, and hears what the
 * other processes count (shared-counts.ts).
 */
import { createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Slots } from '../../../repos/slots.ts';
import { Problem } from '../../errors.ts';
import { Backoff, Failures } from './failures.ts';

const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;
const WINDOW_MS = 15 * MINUTE;
/** How many wrong passwords in a row, for one name from one address, cause no wait. */
const FREE_BY_NAME = 10;
/**
 * Replaces `FREE_BY_NAME` for an address with `MOST_BY_PLACE` failures. So nobody can try a second password on every
 * name.
 */
const FREE_BY_NAME_THERE = 1;
const MOST_BY_PLACE = 100;
/** How many passwords from one address are verified at the same time. */
const AT_ONCE_BY_PLACE = 2;
const MOST_TOKENS = 100;
const MOST_CODES = 20;

export interface SignInTries {
  /** Throws `too_many_attempts` if there were too many failures. */
  demand: () => void;
  /** Runs `work` when it is this address's turn. A request waits only for requests from the same address. */
  inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  failed: () => void;
  succeeded: () => void;
}

export interface Throttle {
  /**
   * Counts passwords for one name from one address. If there is an account, `username` must be its own spelling, so
   * that all spellings share one count.
   */
  signIn(address: string, username: string): SignInTries;
  /** Counts failed sign-ins through a provider for an address. The failures do not count for any username. */
  signOn(address: string): Pick<SignInTries, 'demand' | 'failed'>;
  /** Counts an invalid token. Throws `too_many_attempts` if there were too many from this address. */
  badToken(address: string): void;
  /** Counts invalid enrolment codes. */
  code(address: string): Pick<SignInTries, 'demand' | 'failed'>;
  /** Counts what another process has told. Ignores any other text. */
  hear(news: string): void;
}

/**
 * `now` is a steady clock: no wait becomes longer when somebody sets the clock of the machine. `tell` is called with each
 * change of a count. The text has fewer than 40 characters, and whoever lacks the `secret`, which all processes share,
 * cannot find out names or addresses from it.
 */
export function createThrottle(
  now: () => number = () => performance.now(),
  tell: (news: string) => void = () => {},
  secret = '',
): Throttle {
  const digest = (text: string): string =>
    createHmac('sha256', secret).update(text).digest('base64url').slice(0, 22);
  const placeOf = (address: string): string => digest(networkOf(address));
  const shared = { windowMs: WINDOW_MS, keys: 20_000, now };
  const names = new Backoff({
    firstMs: MINUTE,
    mostMs: HOUR,
    forgetMs: 24 * HOUR,
    keys: shared.keys,
    now,
  });
  const places = new Failures({ ...shared, most: MOST_BY_PLACE });
  const lines = new Map<string, { turns: Slots; waiting: number }>();
  const tokens = new Failures({ ...shared, most: MOST_TOKENS });
  const codes = new Failures({ ...shared, most: MOST_CODES });
  const counts: Record<string, { add(key: string): void }> = { names, places, tokens, codes };
  const count = (what: string, key: string) => {
    counts[what]?.add(key);
    tell(`${what} ${key}`);
  };
  const forget = (name: string) => {
    if (names.forget(name)) tell(`right ${name}`);
  };
  return {
    hear(news) {
      const [what = '', key = ''] = news.split(' ');
      if (what === 'right') names.forget(key);
      else if (Object.hasOwn(counts, what)) counts[what]?.add(key);
    },
    signIn(address, username) {
      const place = placeOf(address);
      const name = digest(`${place} ${username.toLowerCase()}`);
      return {
        demand() {
          const free = places.waitFor(place) > 0 ? FREE_BY_NAME_THERE : FREE_BY_NAME;
          refuse(
            names.waitFor(name, free),
            'Too many wrong passwords for this account from your address',
          );
        },
        async inTurn(work) {
          const line = lines.get(place) ?? { turns: new Slots(AT_ONCE_BY_PLACE), waiting: 0 };
          lines.set(place, line);
          line.waiting += 1;
          const release = await line.turns.take();
          try {
            return await work();
          } finally {
            release();
            line.waiting -= 1;
            if (line.waiting === 0) lines.delete(place);
          }
        },
        failed() {
          count('names', name);
          count('places', place);
        },
        succeeded: () => forget(name),
      };
    },
    signOn(address) {
      const place = placeOf(address);
      return {
        demand: () => refuse(places.waitFor(place), 'Too many failed sign-ins from your address'),
        failed: () => count('places', place),
      };
    },
    badToken(address) {
      const place = placeOf(address);
      refuse(tokens.waitFor(place), 'Too many invalid tokens from your address');
      count('tokens', place);
    },
    code(address) {
      const place = placeOf(address);
      return {
        demand: () =>
          refuse(codes.waitFor(place), 'Too many invalid enrolment codes from your address'),
        failed: () => count('codes', place),
      };
    },
  };
}

function refuse(seconds: number, what: string): void {
  if (seconds === 0) return;
  const minutes = Math.ceil(seconds / 60);
  throw new Problem(
    'too_many_attempts',
    `${what}. Try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`,
    undefined,
    { retryAfter: seconds },
  );
}

/**
 * The part of an address under which it is counted: an IPv4 address, or the /64 network of an IPv6 address, because one
 * host may use all addresses of its network. A port, which some proxies add, is ignored.
 */
export function networkOf(address: string): string {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/i.exec(address);
  if (v4) return v4[1] as string;
  if (!isIPv6(address)) return address;
  const [front = '', back] = address.split('%', 1).join('').split('::');
  const groups = front.split(':').filter(Boolean);
  if (back === undefined) return groups.slice(0, 4).join(':');
  const rest = back.split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => '0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':');
}
