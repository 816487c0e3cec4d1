/** A full backup and the incremental backups that follow it. */
import { Problem } from '../../errors.ts';
import { ArchiveReader } from '../archive.ts';
import { bundleFile, MANIFEST, type Manifest, moreFile, parseManifest } from './contents.ts';

interface Link {
  path: string;
  archive: ArchiveReader;
  manifest: Manifest;
}

export class Chain {
  readonly #links: Link[];

  private constructor(links: Link[]) {
    this.#links = links;
  }

  /**
   * Opens the files, which must be a full backup and the incremental backups after it, oldest first. Closes those that were
   * made after `at`. Throws `Problem` `invalid` if the files do not follow each other.
   */
  static async open(paths: readonly string[], at?: Date): Promise<Chain> {
    const links: Link[] = [];
    const chain = new Chain(links);
    try {
      for (const path of paths) {
        const archive = await ArchiveReader.open(path);
        try {
          links.push({ path, archive, manifest: parseManifest(await archive.text(MANIFEST)) });
        } catch (error) {
          archive.close();
          throw error;
        }
      }
      for (const [n, link] of links.entries()) requireNext(links[n - 1], link);
      while (at && links.length > 0 && new Date(chain.last.manifest.made_at) > at)
        links.pop()?.archive.close();
      if (links.length > 0) return chain;
    } catch (error) {
      chain.close();
      throw error;
    }
    throw new Problem('invalid', 'All of these backups were made later. Give an earlier backup.');
  }

  get last(): Link {
    return this.#links.at(-1) as Link;
  }

  /** The bundles of a repository: the newest whole bundle, and those after it with newer objects. */
  bundlesOf(name: string): AsyncIterable<Buffer>[] {
    const bundles: AsyncIterable<Buffer>[] = [];
    for (const { archive } of this.#links.toReversed()) {
      if (archive.has(moreFile(name))) bundles.unshift(archive.read(moreFile(name)));
      if (archive.has(bundleFile(name))) return [archive.read(bundleFile(name)), ...bundles];
    }
    throw new Problem('invalid', `The backup is damaged: it has no ${bundleFile(name)}.`);
  }

  close(): void {
    for (const { archive } of this.#links) archive.close();
  }
}

function requireNext(before: Link | undefined, { path, manifest: { since } }: Link): void {
  if (before?.manifest.id === since) return;
  throw new Problem(
    'invalid',
    before === undefined
      ? `${path} is an incremental backup. Give the full backup first, and then each incremental backup up to this one.`
      : `${path} does not follow ${before.path}. Give the full backup first, and then each incremental backup in its order.`,
  );
}
