import type { ObjectType } from '../object-text.ts';
import type { Oid } from '../types.ts';

/** An object that another one names, and as what. */
export interface Link {
  oid: Oid;
  as: ObjectType;
}

/** What a commit or a tag that fsck has found sound names in its header. */
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
    // Tree and parents come first; what looks like them in a later header is text.
    if (oid === undefined) return;
    yield { oid, as: key === 'tree' ? 'tree' : 'commit' };
  }
}
