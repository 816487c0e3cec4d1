/** A registry that can be stopped, filled with more definitions, and started again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Served, type Settings, serve } from '../lab/served.ts';
import { type Database, settingsOf } from '../load/databases.ts';
import { createLoaded, type Loaded } from '../load/definition.ts';
import { addCopies } from './copies.ts';

/** The number of versions of each definition. */
const VERSIONS = 3;

export class Grown {
  /** The definition that is copied. The measurements do not change this definition, so its copies stay equal to it. */
  readonly original: Loaded;
  /** The definition that the measurement of saves changes. */
  readonly saved: Loaded;
  readonly folder: string;
  served: Served;
  copies = 0;
  readonly #settings: Settings;

  private constructor(
    at: { folder: string; settings: Settings },
    served: Served,
    { original, saved }: { original: Loaded; saved: Loaded },
  ) {
    this.folder = at.folder;
    this.#settings = at.settings;
    this.served = served;
    this.original = original;
    this.saved = saved;
  }

  static async open(stack: AsyncDisposableStack, database: Database): Promise<Grown> {
    const settings = await settingsOf(stack, database);
    const folder = await mkdtemp(join(tmpdir(), 'bench-growth-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const served = await serve(folder, settings);
    const original = await createLoaded(served, { isLarge: false });
    for (let version = 1; version < VERSIONS; version++) await original.save(served.client);
    const saved = await createLoaded(served, { name: 'Saved1', isLarge: false });
    const grown = new Grown({ folder, settings }, served, { original, saved });
    stack.defer(() => grown.served.stop());
    return grown;
  }

  get dataDir(): string {
    return join(this.folder, 'var');
  }

  /** The environment of a command of this registry. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, DATA_DIR: this.dataDir, ...this.#settings };
  }

  /** Adds copies of the definition until the registry has `copies` of them. */
  async grow(copies: number): Promise<void> {
    await this.served.stop();
    const range: [number, number] = [this.copies + 1, copies];
    const { DATABASE_URL } = this.#settings;
    await addCopies(this.dataDir, DATABASE_URL, this.original.name, range);
    this.copies = copies;
    this.served = await serve(this.folder, this.#settings);
  }

  /** Stops and starts the registry, and returns the milliseconds that the start took. */
  async restart(): Promise<number> {
    await this.served.stop();
    this.served = await serve(this.folder, this.#settings);
    return this.served.startTime;
  }
}
