import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import t from 'tap';
import type { StoredObject } from '../../repos/cat-file.ts';
import { versionsBundle } from '../../repos/small-bundle.ts';
import type { Refs } from '../../repos/types.ts';

t.test('a history that is too large is left to git, and little of it is read', async (t) => {
  const objects = new Map<string, StoredObject>();
  const add = (type: StoredObject['type'], bytes: Buffer): string => {
    const oid = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
    objects.set(oid, { type, bytes });
    return oid;
  };
  const files = Array.from({ length: 500 }, (_, n) => {
    const oid = add('blob', Buffer.alloc(100_000, `${n} `));
    return Buffer.concat([Buffer.from(`100644 f${1000 + n}\0`), Buffer.from(oid, 'hex')]);
  });
  const tree = add('tree', Buffer.concat(files));
  const who = 'A <a@lab.example> 1 +0000';
  const commit = add(
    'commit',
    Buffer.from(`tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nOne\n`),
  );
  const read: string[] = [];
  const source = {
    read: async (oid: string) => {
      read.push(oid);
      return objects.get(oid) as StoredObject;
    },
    bundle: () => Readable.from([Buffer.from('made by git')]),
  };
  const refs = new Map([['refs/heads/main', { oid: commit }]]) as unknown as Refs;
  t.equal(String(await versionsBundle(source as never, refs)), 'made by git');
  t.ok(read.length < 20, `${read.length} of 502 objects were read`);
});
