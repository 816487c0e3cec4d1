/** Full backups and the incremental backups that follow them, oldest first. */
import type { Oid } from '../../../repos/types.ts';
import { Problem } from '../../errors.ts';
import { ArchiveReader } from '../archive.ts';
import { bundleFile, MANIFEST, type Manifest, moreFile, parseManifest, REFS } from './contents.ts';
import { readRefs } from './earlier.ts';

export interface Link {
  path: string;
  archive: ArchiveReader;
  manifest: Manifest;
}

export class Chain {
  readonly #links: Link[];
  #later: Link | undefined;

  private constructor(links: Link[]) {
    this.#links = links;
  }

  /**
   * Opens the files. Each must be a full backup or follow the file before it. With `at`, uses the files up to the last one
   * that was made until then, and the next one for what landed between. Throws `Problem` `invalid` if the files do not
   * follow each other.
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
      if (at) chain.#cutAt(at);
      if (links.length > 0) return chain;
    } catch (error) {
      chain.close();
      throw error;
    }
    chain.close();
    throw new Problem('invalid', 'All of these backups were made later. Give an earlier backup.');
  }

  #cutAt(at: Date): void {
    while (this.#links.length > 0 && madeAt(this.last) > at) {
      this.#later?.archive.close();
      this.#later = this.#links.pop();
    }
    if (this.#links.length === 0 || madeAt(this.last).getTime() === at.getTime()) {
      this.#later?.archive.close();
      this.#later = undefined;
    }
  }

  /** The last backup until the moment to restore. */
  get last(): Link {
    return this.#links.at(-1) as Link;
  }

  /** The next backup after that moment. Undefined if there is none, or if `last` is of exactly that moment. */
  get later(): Link | undefined {
    return this.#later;
  }

  /** The refs of each repository in `last`. Empty if an older registry made the backup. */
  async refsInLast(): Promise<ReadonlyMap<string, ReadonlyMap<string, Oid>>> {
    const { archive } = this.last;
    return archive.has(REFS) ? await readRefs(archive) : new Map();
  }

  /**
   * The bundles of a repository: the newest whole bundle, and those after it with newer objects. With `later`, also that of
   * the later backup. A whole bundle there does not replace the earlier ones: only they have commits that no ref reached
   * later, such as the head of a merge request before a rebase.
   */
  bundlesOf(name: string, { later = false } = {}): AsyncIterable<Buffer>[] {
    const bundles: AsyncIterable<Buffer>[] = [];
    const links = later && this.#later ? [...this.#links, this.#later] : this.#links;
    let isWhole = false;
    for (const link of links.toReversed()) {
      const { archive } = link;
      if (archive.has(moreFile(name))) bundles.unshift(archive.read(moreFile(name)));
      if (!archive.has(bundleFile(name))) continue;
      bundles.unshift(archive.read(bundleFile(name)));
      isWhole = true;
      if (link !== this.#later) break;
    }
    if (isWhole) return bundles;
    throw new Problem('invalid', `The backup is damaged: it has no ${bundleFile(name)}.`);
  }

  close(): void {
    for (const { archive } of this.#links) archive.close();
    this.#later?.archive.close();
  }
}

const madeAt = ({ manifest }: Link): Date => new Date(manifest.made_at);

function requireNext(before: Link | undefined, link: Link): void {
  const { path, manifest } = link;
  const isNext =
    manifest.since === undefined
      ? before === undefined || madeAt(before) < madeAt(link)
      : before?.manifest.id === manifest.since;
  if (isNext) return;
  throw new Problem(
    'invalid',
    before === undefined
      ? `${path} is an incremental backup. Give the full backup first, and then each incremental backup up to this one.`
      : `${path} does not follow ${before.path}. Give the full backup first, and then each incremental backup in its order.`,
  );
}
