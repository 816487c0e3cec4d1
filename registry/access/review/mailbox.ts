/**
 * Returns the same text for all addresses of one mailbox. Case and the part after a plus sign (the detail of RFC 5233)
 * are ignored. So people cannot approve their own change under a second address. The database has the same function
 * (`mailbox_of`), and a test compares the two.
 */
export function mailboxOf(address: string): string {
  const [local = '', ...domain] = address.toLowerCase().split('@');
  return [local.split('+', 1)[0], ...domain].join('@');
}
