/** Keeps the objects of a push until the push is accepted: in memory if they are few and plain, otherwise in a folder. */
import type { StoredObject } from '../cat-file.ts';
import type { GitCaches } from '../git-caches.ts';
import { ObjectBatch } from '../object-batch.ts';
import { ObjectStore } from '../object-store.ts';
import { adoptQuarantine, quarantineReader } from '../quarantine.ts';
import type { GitProgram, Oid, Repository } from '../types.ts';
import { loosen } from './loosen.ts';
import { refuseRepeated } from './pack-ids.ts';
import { looseObjects, type PushedObjects, packedObjects } from './pushed-objects.ts';
import { openQuarantine, removeQuarantine, requireQuarantine } from './quarantine.ts';
import { feedGit, type IncomingPack, type PackLimits, type Rejection } from './unpack.ts';

export interface Received {
  /** Reads the repository and the pushed objects. */
  reader: ObjectStore;
  /** Why the pack is refused, if git could not unpack it. */
  broken: Rejection | undefined;
  /** Reads only the pushed objects. */
  pushed(): Promise<PushedObjects>;
  /** Throws `fenced` if another process has removed the objects, because this one did not run for a while. */
  verify(): void;
  /** Moves the objects into the repository, durable on return. */
  keep(): Promise<void>;
  /** Removes everything that was not kept. */
  remove(): Promise<void>;
}

interface Receiving {
  git: GitProgram;
  caches: GitCaches;
  signal: AbortSignal;
  limits: PackLimits;
}

/** Holds the objects of a small pack in memory. `keep` writes the objects to the disk. */
export function receivedInMemory(
  repository: Repository,
  objects: ReadonlyMap<Oid, StoredObject>,
  { git, caches }: Receiving,
): Received {
  return {
    reader: new ObjectStore(git, repository.path, caches, { objects }),
    broken: undefined,
    pushed: async () => inMemory(objects),
    verify: () => undefined,
    async keep() {
      const batch = new ObjectBatch(repository);
      for (const { type, bytes } of objects.values()) batch.add(type, bytes);
      await batch.write(caches);
    },
    remove: async () => undefined,
  };
}

function inMemory(objects: ReadonlyMap<Oid, StoredObject>): PushedObjects {
  return {
    async *all() {
      for (const [oid, { type, bytes }] of objects) yield { oid, type, size: bytes.length };
    },
    async *contents(oids) {
      for (const oid of oids) {
        const { bytes } = objects.get(oid) as StoredObject;
        yield { oid, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
      }
    },
  };
}

/** Lets git unpack the pack into a quarantine folder. Rejects as `feedGit` does, and then removes the folder. */
export async function receivedByGit(
  repository: Repository,
  pack: IncomingPack,
  { git, caches, signal, limits }: Receiving,
): Promise<Received> {
  const quarantine = await openQuarantine(repository);
  const reader = quarantineReader(git, repository, quarantine.path, caches);
  const remove = async () => {
    reader.forgetPacks();
    await removeQuarantine(quarantine);
  };
  try {
    const broken =
      (await feedGit(git, quarantine, pack, limits, signal)) ?? (await refuseRepeated(quarantine));
    if (pack.few && broken === undefined) await loosen(quarantine, reader);
    return {
      reader,
      broken,
      pushed: async () =>
        (await looseObjects(quarantine, reader)) ?? packedObjects(git, quarantine, signal),
      verify: () => requireQuarantine(quarantine),
      keep: () => adoptQuarantine(repository, quarantine.path, caches),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
