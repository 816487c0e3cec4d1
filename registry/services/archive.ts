/**
 * Reads and writes archives. An archive is an ordinary zip with the checksums `SHA256SUMS` as its last entry. A new
 * archive gets its name only when it is complete and flushed to disk. The reader compares each entry with its checksum.
 */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import yazl from 'yazl';
import { sync } from '../../repos/durable.ts';
import { Problem } from '../errors.ts';

const SUMS = 'SHA256SUMS';
/** The most bytes of an entry that is read as one text, because a few kilobytes of zip can expand to gigabytes. */
const MOST_TEXT = 64 * 1024 * 1024;
const MOST_ENTRIES = 1_000_000;

export class ArchiveWriter {
  readonly #path: string;
  readonly #draft: string;
  readonly #zip = new yazl.ZipFile();
  readonly #sums: string[] = [];
  readonly #written: Promise<void>;
  readonly #broken: Promise<never>;

  private constructor(path: string, draft: string, file: FileHandle) {
    this.#path = path;
    this.#draft = draft;
    this.#written = pipeline(this.#zip.outputStream, file.createWriteStream({ flush: true }));
    this.#broken = new Promise((_, reject) => {
      this.#zip.once('error', reject);
      this.#written.catch(reject);
    });
    this.#broken.catch(() => undefined);
  }

  /**
   * Starts to write an archive. An existing file at `path` stays until `finish`.
   * @throws Problem if `path` is a folder or if its parent folder does not exist. Other errors come from the file system.
   */
  static async create(path: string): Promise<ArchiveWriter> {
    if (await isFolder(path)) {
      throw new Problem('invalid', `${path} is a folder. Give the path of a file in it.`);
    }
    if (!(await isFolder(dirname(path)))) {
      throw new Problem('invalid', `The folder ${dirname(path)} does not exist. Create it first.`);
    }
    const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
    return new ArchiveWriter(path, draft, await open(draft, 'wx', 0o600));
  }

  /**
   * Adds an entry, and resolves once its content is read. `packed` content is already compressed, so it is stored as it
   * is.
   */
  async add(
    name: string,
    content: AsyncIterable<Buffer | string> | Iterable<Buffer | string>,
    { packed = false } = {},
  ): Promise<void> {
    const hash = createHash('sha256');
    const entry = Readable.from(hashWhileReading(content, hash), { objectMode: false });
    this.#zip.addReadStream(entry, name, { compress: !packed, mode: 0o100600, mtime: new Date() });
    await Promise.race([finished(entry), this.#broken]);
    this.#sums.push(`${hash.digest('hex')}  ${name}\n`);
  }

  /**
   * Adds an entry of packed content, which is read completely into a temporary file first. So the archive has no entry if
   * the content cannot be read to its end.
   */
  async addWhole(name: string, content: Readable): Promise<void> {
    const part = `${this.#draft}.part`;
    try {
      await pipeline(content, createWriteStream(part, { mode: 0o600 }));
      await this.add(name, createReadStream(part), { packed: true });
    } finally {
      await rm(part, { force: true });
    }
  }

  /** Writes the checksums, flushes the archive to disk and gives it its name. */
  async finish(): Promise<void> {
    this.#zip.addBuffer(Buffer.from(this.#sums.join('')), SUMS, { mode: 0o100600 });
    this.#zip.end();
    await Promise.race([this.#written, this.#broken]);
    await rename(this.#draft, this.#path);
    await sync(dirname(this.#path));
  }

  /** Deletes the unfinished archive. */
  async abandon(): Promise<void> {
    (this.#zip.outputStream as Readable).destroy();
    await this.#written.catch(() => undefined);
    await rm(this.#draft, { force: true });
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  return found?.isDirectory() ?? false;
}

async function* hashWhileReading(
  content: AsyncIterable<Buffer | string> | Iterable<Buffer | string>,
  hash: Hash,
): AsyncGenerator<Buffer> {
  for await (const some of content) {
    const chunk = typeof some === 'string' ? Buffer.from(some) : some;
    hash.update(chunk);
    yield chunk;
  }
}

export class ArchiveReader {
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #sums: ReadonlyMap<string, string>;

  private constructor(
    zip: ZipFile,
    entries: ReadonlyMap<string, Entry>,
    sums: ReadonlyMap<string, string>,
  ) {
    this.#zip = zip;
    this.#entries = entries;
    this.#sums = sums;
  }

  /** Opens an archive. Throws `Problem` `invalid` if the file is not a complete archive made by a registry. */
  static async open(path: string): Promise<ArchiveReader> {
    const zip = await asDamaged(yauzl.openPromise(path, { lazyEntries: true, autoClose: false }));
    try {
      const entries = await asDamaged(entriesOf(zip));
      const listed = entries.get(SUMS);
      if (!listed) throw damagedArchive('it has no list of checksums');
      const lines = (await asDamaged(textOf(SUMS, zip, listed))).split('\n');
      const sums = lines.flatMap((line): [string, string][] => {
        const [, sum, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
        return sum && name ? [[name, sum]] : [];
      });
      entries.delete(SUMS);
      const names = new Set(sums.map(([name]) => name));
      if (
        names.size !== sums.length ||
        names.size !== entries.size ||
        ![...names].every((name) => entries.has(name))
      ) {
        throw damagedArchive('its entries differ from its list of checksums');
      }
      return new ArchiveReader(zip, entries, new Map(sums));
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  /** The names of all entries except the checksums, in the order of the archive. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * Reads an entry. Throws `Problem` `invalid` if there is no such entry, or if its content does not match its
   * checksum. The checksum is compared after the last byte.
   */
  async *read(name: string): AsyncGenerator<Buffer> {
    const entry = this.#entries.get(name);
    if (!entry) throw damagedArchive(`it has no ${name}`);
    const hash = createHash('sha256');
    const stream = await asDamaged(this.#zip.openReadStreamPromise(entry));
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        hash.update(chunk);
        yield chunk;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall) throw error;
      throw damagedArchive(`${name}: ${(error as Error).message}`, error);
    }
    if (hash.digest('hex') !== this.#sums.get(name)) throw damagedArchive(`${name} was changed`);
  }

  async text(name: string): Promise<string> {
    return await collect(name, this.read(name));
  }

  close(): void {
    this.#zip.close();
  }
}

async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.has(entry.fileName)) throw damagedArchive(`it contains ${entry.fileName} twice`);
    entries.set(entry.fileName, entry);
    if (entries.size > MOST_ENTRIES)
      throw damagedArchive(`it has more than ${MOST_ENTRIES} entries`);
  }
  return entries;
}

const textOf = async (name: string, zip: ZipFile, entry: Entry): Promise<string> =>
  await collect(name, await zip.openReadStreamPromise(entry));

async function collect(name: string, chunks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    all.push(chunk);
    size += chunk.length;
    if (size > MOST_TEXT) throw damagedArchive(`${name} is larger than ${MOST_TEXT} bytes`);
  }
  return Buffer.concat(all).toString();
}

const damagedArchive = (why: string, cause?: unknown): Problem =>
  new Problem(
    'invalid',
    `The archive is damaged, or was not made by a registry: ${why}.`,
    undefined,
    { cause },
  );

/** Turns errors of the zip reader into a `Problem`. Errors of the file system pass unchanged, because they are clear. */
async function asDamaged<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // Errors of the file system have a `syscall`, and errors of the zip reader have none.
    if (error instanceof Problem || (error as NodeJS.ErrnoException).syscall) throw error;
    throw damagedArchive((error as Error).message, error);
  }
}
