import type { ObjectType } from '../object-text.ts';
import type { Oid } from '../types.ts';

/** An object that another one names, and the type that it is named as. */
export interface Link {
  oid: Oid;
  as: ObjectType;
}

/** The objects that a commit or a tag names in its header. fsck has accepted it before. */
export function* linksOf(type: ObjectType | undefined, bytes: Buffer): Generator<Link> {
  const end = bytes.indexOf('\n\n');
  const head = bytes.toString('latin1', 0, end === -1 ? bytes.length : end).split('\n');
  if (type === 'tag') {
    const as = head.find((line) => line.startsWith('type '))?.slice('type '.length);
    const oid = head[0]?.slice('object '.length);
    if (oid !== undefined && as !== undefined) yield { oid, as: as as ObjectType };
    return;
  }
  for (const line of head) {
    const [, key, oid] = /^(tree|parent) ([0-9a-f]{40})$/.exec(line) ?? [];
    // Tree and parents come first; a later line that looks like them is text.
    if (oid === undefined) return;
    yield { oid, as: key === 'tree' ? 'tree' : 'commit' };
  }
}
