/** Reads objects with `git cat-file --batch` from packs that are too large to be read into memory. */
import { RepositoryError } from './errors.ts';
import type { ObjectType } from './object-text.ts';
import type { GitChild, GitProgram, Oid } from './types.ts';

/**
 * The process ends if no read follows within this time, because an idle process would occupy a slot for git. Until then
 * one process serves all reads, for example those of a walk through a tree.
 */
const IDLE_MS = 100;

export interface StoredObject {
  type: ObjectType;
  bytes: Uint8Array;
}

export class CatFile {
  readonly #git: GitProgram;
  readonly #env: Record<string, string>;
  #child: GitChild | undefined;
  #output: Output | undefined;
  #idle: NodeJS.Timeout | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** `env` tells git where the repository and its objects are. */
  constructor(git: GitProgram, env: Record<string, string>) {
    this.#git = git;
    this.#env = env;
  }

  /** Returns undefined if there is no such object. Reads run one after another. Throws `git_failed`. */
  read(oid: Oid): Promise<StoredObject | undefined> {
    const turn = this.#queue.then(() => this.#read(oid));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #read(oid: Oid): Promise<StoredObject | undefined> {
    clearTimeout(this.#idle);
    this.#child ??= this.#git.spawn({ args: ['cat-file', '--batch'], env: this.#env });
    this.#output ??= new Output(this.#child);
    try {
      this.#child.stdin.write(`${oid}\n`);
      const [, type, size] = (await this.#output.line()).split(' ');
      if (type === 'missing') return undefined;
      const bytes = await this.#output.bytes(Number(size));
      await this.#output.bytes('\n'.length);
      return { type: type as ObjectType, bytes };
    } catch (error) {
      this.#end();
      throw error;
    } finally {
      this.#idle = setTimeout(() => this.#end(), IDLE_MS);
    }
  }

  #end(): void {
    this.#child?.stdin.end();
    this.#child = undefined;
    this.#output = undefined;
  }
}

/** Splits standard output into lines and objects. */
class Output {
  readonly #child: GitChild;
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(child: GitChild) {
    this.#child = child;
    this.#chunks = child.stdout.iterator();
  }

  async #more(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next();
    if (!done) return value;
    const { stderr } = await this.#child.exit;
    throw new RepositoryError('git_failed', `git cat-file ended too early: ${stderr}`);
  }

  async line(): Promise<string> {
    let end = this.#held.indexOf('\n');
    for (; end < 0; end = this.#held.indexOf('\n'))
      this.#held = Buffer.concat([this.#held, await this.#more()]);
    const line = this.#held.toString('latin1', 0, end);
    this.#held = this.#held.subarray(end + 1);
    return line;
  }

  async bytes(count: number): Promise<Buffer> {
    const pieces = [this.#held];
    let size = this.#held.length;
    while (size < count) {
      const piece = await this.#more();
      pieces.push(piece);
      size += piece.length;
    }
    const whole = Buffer.concat(pieces);
    this.#held = whole.subarray(count);
    return whole.subarray(0, count);
  }
}
