/**
 * Throttles failures. Only failures count: right credentials pass, except for a name that was just tried too
 * often from the same address. Each process counts by itself.
 */
import { isIPv6 } from 'node:net';
import { Slots } from '../../../repos/slots.ts';
import { Problem } from '../../errors.ts';
import { Backoff, Failures } from './failures.ts';

const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;
const WINDOW_MS = 15 * MINUTE;
/** Free wrong passwords in a row for one name from one address. */
const FREE_BY_NAME = 10;
/**
 * The same from an address with `MOST_BY_PLACE` failures, so nobody can try one password on every name twice.
 */
const FREE_BY_NAME_THERE = 1;
const MOST_BY_PLACE = 100;
/** Passwords of one address that are verified, or queued for it, concurrently. */
const AT_ONCE_BY_PLACE = 2;
const MOST_TOKENS = 100;
const MOST_CODES = 20;

export interface SignInTries {
  /** Throws `too_many_attempts`. */
  demand: () => void;
  /** Runs `work` when it is this address's turn: requests from one address wait for each other only. */
  inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  failed: () => void;
  succeeded: () => void;
}

export interface Throttle {
  /**
   * `username` is the account's own spelling if there is an account, so that other spellings share its count.
   */
  signIn(address: string, username: string): SignInTries;
  /** For sign-ins through a provider: failures count for the address only. */
  signOn(address: string): Pick<SignInTries, 'demand' | 'failed'>;
  /** Counts an invalid token. Throws `too_many_attempts` once there are too many. */
  badToken(address: string): void;
  /** For tries of an enrolment code. */
  code(address: string): Pick<SignInTries, 'demand' | 'failed'>;
}

export function createThrottle(now: () => number = Date.now): Throttle {
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
  return {
    signIn(address, username) {
      const place = networkOf(address);
      const name = `${place} ${username.toLowerCase()}`;
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
          names.add(name);
          places.add(place);
        },
        succeeded: () => names.forget(name),
      };
    },
    signOn(address) {
      const place = networkOf(address);
      return {
        demand: () => refuse(places.waitFor(place), 'Too many failed sign-ins from your address'),
        failed: () => places.add(place),
      };
    },
    badToken(address) {
      const place = networkOf(address);
      refuse(tokens.waitFor(place), 'Too many invalid tokens from your address');
      tokens.add(place);
    },
    code(address) {
      const place = networkOf(address);
      return {
        demand: () =>
          refuse(codes.waitFor(place), 'Too many invalid enrolment codes from your address'),
        failed: () => codes.add(place),
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
 * The key of an address: an IPv4 address, or the /64 of an IPv6 address, all of which one host may use. Some
 * proxies forward the client's port too, which is ignored.
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
