/**
 * The classes of a folder that become definitions. The code of a class is found when it is needed; facts about all
 * classes are kept.
 */
import { assemble } from './assemble.ts';
import { type Carving, carve } from './carve.ts';
import { type Candidate, isExtracted } from './clashes.ts';
import { Effects } from './effects.ts';
import { writeHead } from './head.ts';
import { placeOf } from './place.ts';
import type { Surroundings } from './render.ts';
import type { InstrumentClass } from './roles.ts';
import { Sharing } from './share.ts';
import type { Extracted, Skipped, SourceFile } from './types.ts';

export class Kept {
  /** The paths of the data files in the definitions that have been created so far. */
  readonly data = new Set<string>();
  readonly #around: Omit<Surroundings, 'names'>;
  readonly #files: ReadonlyMap<string, SourceFile>;
  readonly #options: { location: readonly string[]; maxFileBytes: number | undefined };
  readonly #classes = new Map<Candidate, InstrumentClass>();
  readonly #sharing: Sharing;
  readonly #effects: Effects;
  /**
   * The names of the definitions that contain a part of a module. A key is the path of a module, or the path and the
   * name of a helper class.
   */
  readonly #carriers = new Map<string, string[]>();

  constructor(
    around: Omit<Surroundings, 'names'>,
    files: ReadonlyMap<string, SourceFile>,
    options: { location: readonly string[]; maxFileBytes: number | undefined },
  ) {
    this.#around = around;
    this.#files = files;
    this.#options = options;
    this.#sharing = new Sharing(around.folder);
    this.#effects = new Effects(around.folder, around.stays);
  }

  candidate(cls: InstrumentClass): Candidate {
    const { path, name, line } = cls;
    const candidate = { path, name, line, make: () => this.#make(cls, this.#carve(cls)) };
    this.#classes.set(candidate, cls);
    return candidate;
  }

  /** Finds the modules, helper classes and shared state that each candidate will contain. */
  survey(
    candidates: readonly Candidate[],
    helpers: readonly InstrumentClass[],
    onProgress: (done: number, total: number) => void,
  ): void {
    const names = new Map<string, string[]>();
    for (const { path, name } of helpers) names.set(path, [...(names.get(path) ?? []), name]);
    for (const [i, one] of candidates.entries()) {
      onProgress(i + 1, candidates.length);
      const cls = this.#classes.get(one);
      if (!cls) continue;
      const carving = this.#carve(cls);
      this.#sharing.add(cls.name, carving);
      for (const [path, part] of carving.parts) {
        this.#note(path, cls.name);
        for (const name of names.get(path) ?? [])
          if (part.needed.has(name)) this.#note(`${path}\n${name}`, cls.name);
      }
    }
    this.#sharing.settle();
  }

  /** The definitions that contain a part of this module, or this class of the module. */
  carriersOf(path: string, name?: string): readonly string[] {
    return this.#carriers.get(name === undefined ? path : `${path}\n${name}`) ?? [];
  }

  /**
   * The finished definition, with the facts from folder names in its header and with all warnings; or the reason why
   * the class cannot become a definition.
   */
  finished(candidate: Candidate): Extracted | Skipped {
    const cls = this.#classes.get(candidate);
    if (!cls) return candidate.make();
    const carving = this.#carve(cls);
    const definition = this.#make(cls, carving);
    if (!isExtracted(definition)) return definition;
    definition.warnings.push(...this.#sharing.warnings(cls.name, carving));
    // The header is written last, so that copies of one file in the folders of two manufacturers count as equal.
    writeHead(definition, cls);
    return definition;
  }

  /**
   * Finds the code of a class. Use the result before the next call, because that call may drop statements from memory.
   */
  #carve({ path, name }: InstrumentClass): Carving {
    this.#around.folder.trim();
    return carve({ ...this.#around, effects: this.#effects }, path, name);
  }

  #make(cls: InstrumentClass, carving: Carving): Extracted | Skipped {
    const { location, maxFileBytes } = this.#options;
    const { files, data, warnings, packages, unfit } = assemble(
      cls,
      carving,
      this.#around,
      this.#files,
      maxFileBytes,
    );
    for (const path of data) this.data.add(path);
    if (unfit) {
      const { path, name, line } = cls;
      return { path, class: name, kind: 'lost', line, reason: unfit.reason };
    }
    const { category = null, manufacturer = null } = placeOf(cls.path, location);
    const { path: origin, name, line, type: instrument_type } = cls;
    return {
      ...{ name, files, origin, line, instrument_type, category, manufacturer },
      ...{ warnings, packages },
    };
  }

  #note(key: string, name: string): void {
    const carriers = this.#carriers.get(key);
    if (carriers) carriers.push(name);
    else this.#carriers.set(key, [name]);
  }
}
