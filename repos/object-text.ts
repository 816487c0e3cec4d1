/** Formats and parses commits, tags and trees (git-cat-file(1), git-mktree(1)). Pure. */
import { commitText } from './commit-encoding.ts';
import { RepositoryError } from './errors.ts';
import type { Commit, Oid, Signature, Signed } from './types.ts';

export type ObjectType = 'blob' | 'tree' | 'commit' | 'tag';

/** The numbers of the types in packs (gitformat-pack(5)). */
export const PACK_TYPES: Readonly<Record<ObjectType, number>> = {
  commit: 1,
  tree: 2,
  blob: 3,
  tag: 4,
};

export interface TreeEntry {
  mode: string;
  name: string;
  oid: Oid;
}

export const isTree = (mode: string) => mode === '40000';

export const isSubmodule = (mode: string) => mode === '160000';

/** Removes characters that would end the name or the address. Git removes the same characters (ident.c). */
const clean = (text: string) => text.replace(/[\x00-\x1f<>]/g, '').trim();

function formatSignature({ name, email, at, offsetMinutes = 0 }: Signature): string {
  const offset = Math.abs(offsetMinutes);
  const zone = `${Math.floor(offset / 60)}`.padStart(2, '0') + `${offset % 60}`.padStart(2, '0');
  const seconds = Math.max(0, Math.floor(at.getTime() / 1000));
  const who = clean(name) || clean(email) || 'unknown';
  return `${who} <${clean(email)}> ${seconds} ${offsetMinutes < 0 ? '-' : '+'}${zone}`;
}

/**
 * The first second of year 1 and the last second of year 9999. Git stores times as 64 bits of seconds, more than a
 * JavaScript date can represent, so times outside these years become the nearest of the two.
 */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;

const dateOf = (seconds: number): Date =>
  new Date(Math.max(FIRST_SECOND, Math.min(seconds, LAST_SECOND)) * 1000);

function parseSignature(text: string): Signature {
  const time = /> (-?\d+) ([+-])(\d{2,})(\d{2})$/.exec(text);
  const before = text.slice(0, time?.index);
  const at = before.indexOf('<', before.lastIndexOf('>') + 1);
  if (time === null || at === -1)
    throw new RepositoryError('bad_object', `not a name, address and time: ${text}`);
  const [, seconds, sign, hours, minutes] = time;
  const name = before.slice(0, before[at - 1] === ' ' ? at - 1 : at);
  const email = before.slice(at + 1);
  const offset = Number(hours) * 60 + Number(minutes);
  const offsetMinutes = sign === '-' && offset !== 0 ? -offset : offset;
  return { name, email, at: dateOf(Number(seconds)), offsetMinutes };
}

/** Refuses a message with a NUL, because git commands ignore everything after it. */
function message(text: string): string {
  if (text.includes('\0'))
    throw new RepositoryError('bad_object', 'a message must not contain a NUL');
  return text;
}

export function formatCommit(commit: Omit<Commit, 'oid'>): Buffer {
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${formatSignature(commit.author)}`,
    `committer ${formatSignature(commit.committer)}`,
    '',
    message(commit.message),
  ];
  return Buffer.from(lines.join('\n'));
}

/** Throws `bad_object` if a header is missing. Ignores other headers (`gpgsig`). */
export function parseCommit(oid: Oid, bytes: Uint8Array): Commit {
  const { headers, body } = split(commitText(bytes));
  const first = (key: string) => {
    const value = headers.find(([name]) => name === key)?.[1];
    if (value === undefined) throw new RepositoryError('bad_object', `commit ${oid} has no ${key}`);
    return value;
  };
  return {
    oid,
    tree: first('tree'),
    parents: headers.filter(([name]) => name === 'parent').map(([, value]) => value),
    author: parseSignature(first('author')),
    committer: parseSignature(first('committer')),
    message: body,
  };
}

export function formatTag(name: string, commit: Oid, tagger: Signature, record: string): Buffer {
  const headers = [`object ${commit}`, 'type commit', `tag ${name}`];
  return Buffer.from(
    [...headers, `tagger ${formatSignature(tagger)}`, '', message(record)].join('\n'),
  );
}

/** How the first line of a signature begins (gpg-interface.c, `get_format_by_sig`). */
const SIGNED = /^-----BEGIN (PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----/gm;

/** Appends the signature to the tag. Throws `bad_object` if the tag has no newline at its end. */
export function formatSignedTag({ payload, signature }: Signed): Buffer {
  if (payload.at(-1) !== 0x0a) {
    throw new RepositoryError('bad_object', 'a record must end with a newline to be signed');
  }
  return Buffer.concat([payload, Buffer.from(signature)]);
}

export interface Tag {
  object: Oid;
  tagger: Signature;
  /** The message without the signature at its end. */
  record: string;
  signed: Signed | null;
}

/**
 * If the message contains several signatures, only the last one is read as the signature, as in git. Other signatures
 * are text of the record. Throws `bad_object` if a header is missing.
 */
export function parseTag(bytes: Uint8Array): Tag {
  const { headers, body } = split(Buffer.from(bytes).toString());
  const first = (key: string) => {
    const value = headers.find(([name]) => name === key)?.[1];
    if (value === undefined) throw new RepositoryError('bad_object', `a tag has no ${key}`);
    return value;
  };
  const tag = { object: first('object'), tagger: parseSignature(first('tagger')) };
  const begin = [...body.matchAll(SIGNED)].at(-1)?.index;
  if (begin === undefined) return { ...tag, record: body, signed: null };
  const signature = body.slice(begin);
  const payload = bytes.subarray(0, bytes.length - Buffer.byteLength(signature));
  return { ...tag, record: body.slice(0, begin), signed: { payload, signature } };
}

function split(text: string): { headers: [string, string][]; body: string } {
  const end = text.indexOf('\n\n');
  const head = end === -1 ? text : text.slice(0, end);
  const headers = head
    .split('\n')
    .filter((line) => !line.startsWith(' '))
    .map((line): [string, string] => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1)];
    });
  return { headers, body: end === -1 ? '' : text.slice(end + 2) };
}

/** Throws `bad_object` if the bytes are not a tree, or a name is not UTF-8. */
export function parseTree(bytes: Uint8Array): TreeEntry[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const entries: TreeEntry[] = [];
  for (let at = 0; at < buffer.length; ) {
    const space = buffer.indexOf(0x20, at);
    const nul = buffer.indexOf(0, space);
    if (space === -1 || nul === -1 || nul + 21 > buffer.length) {
      throw new RepositoryError('bad_object', 'a tree ends in the middle of an entry');
    }
    let name: string;
    try {
      name = utf8.decode(buffer.subarray(space + 1, nul));
    } catch (cause) {
      throw new RepositoryError('bad_object', 'a file name is not UTF-8', { cause });
    }
    const mode = buffer.toString('latin1', at, space).replace(/^0+/, '');
    entries.push({ mode, name, oid: buffer.toString('hex', nul + 1, nul + 21) });
    at = nul + 21;
  }
  return entries;
}

export function formatTree(entries: readonly TreeEntry[]): Buffer {
  // Git sorts a folder as if its name ended with a slash (base_name_compare in git's tree.c).
  const keyed = entries.map((entry) => ({
    entry,
    key: Buffer.from(isTree(entry.mode) ? `${entry.name}/` : entry.name),
  }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat(
    keyed.flatMap(({ entry: { mode, name, oid } }) => [
      Buffer.from(`${mode} ${name}\0`),
      Buffer.from(oid, 'hex'),
    ]),
  );
}
