import type { ObjectType } from '../object-text.ts';
import type { Oid } from '../types.ts';

/** A reference to an object, and the type that the reference says. */
export interface Link {
  oid: Oid;
  as: ObjectType;
}

/** Yields the objects that the header of a commit or tag refers to. Git's fsck must have accepted the object before. */
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
    // The lines of tree and parents come first. A later line that looks like one belongs to another header.
    if (oid === undefined) return;
    yield { oid, as: key === 'tree' ? 'tree' : 'commit' };
  }
}
