/**
 * Addresses that reach one person, as one: case does not count, nor what a plus sign sets off (RFC 5233 calls it the
 * detail), so that nobody approves under one address what they wrote under the other. The database says the same
 * (`mailbox_of`), and a test holds the two equal.
 */
export function mailboxOf(address: string): string {
  const [local = '', ...domain] = address.toLowerCase().split('@');
  return [local.split('+', 1)[0], ...domain].join('@');
}
