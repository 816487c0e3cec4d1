/** Checks the settings about addresses: PUBLIC_URL, HOST and TRUSTED_PROXIES. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { Config } from '../../config.ts';
import { type Finding, ok, warning } from './finding.ts';

type Addresses = Pick<Config, 'PUBLIC_URL' | 'HOST' | 'TRUSTED_PROXIES'>;

/** How long a name server may take, in milliseconds. */
const LOOKUP_MS = 5000;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

export async function checkAddresses(config: Addresses): Promise<Finding[]> {
  return [await checkPublicUrl(config), checkProxies(config)];
}

async function checkPublicUrl({ PUBLIC_URL, HOST }: Addresses): Promise<Finding> {
  const check = 'public-url';
  if (PUBLIC_URL === undefined) {
    if (isLoopback(HOST)) return ok(check, 'only this machine can reach the registry');
    const advice =
      'Set PUBLIC_URL to the address that people and lab computers use. Links and clone addresses begin with PUBLIC_URL.';
    return warning(check, `HOST is ${HOST}, but PUBLIC_URL is not set`, advice);
  }
  const { hostname, protocol } = new URL(PUBLIC_URL);
  const name = hostname.replace(/^\[|\]$/g, '');
  const reason = await unresolved(name);
  if (reason !== undefined) {
    const advice = 'Add the name to DNS or to /etc/hosts, or correct PUBLIC_URL.';
    return warning(check, `${name} has no address: ${reason}`, advice);
  }
  if (protocol === 'http:' && !isLoopback(name)) {
    const advice =
      'Put a proxy with HTTPS in front of the registry (docs/operations.md), and set PUBLIC_URL to its https address. Over http, everybody on the network can read tokens and passwords.';
    return warning(check, `${PUBLIC_URL} is not encrypted`, advice);
  }
  return ok(check, PUBLIC_URL);
}

function checkProxies({ PUBLIC_URL, HOST, TRUSTED_PROXIES }: Addresses): Finding {
  const check = 'proxies';
  if (TRUSTED_PROXIES === undefined) {
    if (!PUBLIC_URL?.startsWith('https:')) return ok(check, 'there is no proxy');
    const advice =
      'Set TRUSTED_PROXIES to the address of the proxy. Otherwise all requests seem to come from the proxy, and one person with a wrong password locks out everybody.';
    return warning(
      check,
      'PUBLIC_URL is an https address, so there is a proxy, but TRUSTED_PROXIES is not set',
      advice,
    );
  }
  if (PUBLIC_URL === undefined) {
    const advice = 'Set PUBLIC_URL to the address of the proxy.';
    return warning(check, 'TRUSTED_PROXIES is set, but PUBLIC_URL is not', advice);
  }
  if (
    isLoopback(HOST) &&
    !TRUSTED_PROXIES.split(',').some((network) => isLoopback(network.trim().split('/')[0] ?? ''))
  ) {
    const advice = `Add 127.0.0.1 to TRUSTED_PROXIES, or set HOST to an address that the proxy can reach.`;
    return warning(
      check,
      `HOST is ${HOST}, so only a proxy on this machine reaches the registry, but TRUSTED_PROXIES does not contain this machine`,
      advice,
    );
  }
  return ok(check, `the forwarded headers of ${TRUSTED_PROXIES} are trusted`);
}

function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Why a name has no address. Returns undefined if it has one. */
async function unresolved(name: string): Promise<string | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve('the name server does not answer'), LOOKUP_MS);
  const found = lookup(name).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return await Promise.race([found, late]).finally(() => clearTimeout(timer));
}
