/**
 * Maps the addresses of one mailbox to one text, so that nobody approves under one address what they wrote under another:
 * ignores case and the part after a plus sign (the detail of RFC 5233). The database has the same function
 * (`mailbox_of`); a test compares the two.
 */
export function mailboxOf(address: string): string {
  const [local = '', ...domain] = address.toLowerCase().split('@');
  return [local.split('+', 1)[0], ...domain].join('@');
}
