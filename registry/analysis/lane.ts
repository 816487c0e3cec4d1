/** Runs one worker at a time: the first question starts it; it has limits of time and memory, and ends when idle or too large. */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import { DefinitionError } from '../definitions/errors.ts';
import type { AnalysisResult, AnalysisTask } from './worker.ts';

export interface LaneLimits {
  /** CPU time of one answer, in milliseconds. */
  deadline: number;
  /** JavaScript memory, in MiB. */
  memory: number;
  /** The size of V8's young generation, in MiB; V8's default unless given. */
  young?: number;
  /** How long a worker without questions runs before it ends, in milliseconds. */
  idle: number;
  /** Workers get a lower priority than the process, if the system can lower it for a thread alone. */
  yields: boolean;
}

/** The reason why there is no answer. */
export type Stop = 'deadline' | 'memory' | 'closed';

export class Stopped extends Error {
  readonly why: Stop;

  constructor(why: Stop) {
    super(`stopped: ${why}`);
    this.why = why;
  }
}

/** The limit by the clock, as a multiple of the CPU time, for a busy machine. */
const PATIENCE = 6;

/** How often to check the CPU time until the deadline. */
const LOOKS = 20;

/** A worker that holds more bytes than this after an answer is ended, because WebAssembly memory never shrinks. */
const MOST_HELD = 96 * 1024 * 1024;

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

export class Lane {
  readonly limits: LaneLimits;
  #pool: Promise<Piscina> | undefined;
  #workers = 0;
  #busy = false;
  #closed = false;

  constructor(limits: LaneLimits) {
    this.limits = limits;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get workers(): number {
    return this.#workers;
  }

  /**
   * The answer, and a promise that resolves when the lane can take the next question. `answer` rejects with `Stopped`,
   * with the `DefinitionError` of the question, or with the error of the code that computed it.
   */
  run(task: AnalysisTask): { answer: Promise<unknown>; free: Promise<void> } {
    this.#busy = true;
    const work = this.#work(task);
    const free = work
      .then(
        ({ held }) => (held > MOST_HELD ? this.#end() : undefined),
        () => undefined,
      )
      .then(() => {
        this.#busy = false;
      });
    return { answer: work.then(unwrapped), free };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  async #work(task: AnalysisTask): Promise<AnalysisResult> {
    this.#pool ??= this.#open();
    const pool = await this.#pool;
    const stop = new AbortController();
    const fail = (error: unknown) => stop.abort(error);
    // This event is the only report of a worker that could not start.
    pool.once('error', fail);
    const watch = this.#watch(pool, fail);
    try {
      const { transfer = [], ...message } = task;
      return await pool.run(message, { signal: stop.signal, transferList: [...transfer] });
    } catch (error) {
      if (this.#closed) throw new Stopped('closed');
      if (stop.signal.aborted) throw stop.signal.reason;
      throw isOutOfMemory(error) ? new Stopped('memory') : error;
    } finally {
      clearInterval(watch);
      pool.off('error', fail);
    }
  }

  /** Ends a worker that has used up its CPU time. A busy machine does not reduce that time. */
  #watch(pool: Piscina, fail: (error: unknown) => void): NodeJS.Timeout {
    const { deadline } = this.limits;
    const begun = performance.now();
    const [worker] = pool.threads;
    const used = async () => {
      const { user = 0, system = 0 } = (await pool.threads[0]?.cpuUsage()) ?? {};
      return (user + system) / 1000;
    };
    const before = worker ? used().catch(() => 0) : Promise.resolve(0);
    return setInterval(() => {
      if (performance.now() - begun > PATIENCE * deadline) fail(new Stopped('deadline'));
      Promise.all([before, used()]).then(
        ([before, now]) => {
          if (now - before > deadline) fail(new Stopped('deadline'));
        },
        // The worker has just started or ended; the answer or its error follows.
        () => undefined,
      );
    }, deadline / LOOKS);
  }

  async #open(): Promise<Piscina> {
    const { Piscina } = await import('piscina');
    const { memory, young, idle, yields } = this.limits;
    const pool = new Piscina({
      filename: WORKER,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: idle,
      recordTiming: false,
      resourceLimits: {
        maxOldGenerationSizeMb: memory,
        ...(young !== undefined && { maxYoungGenerationSizeMb: young }),
      },
      env: keepingCompiled(),
      ...(yields && process.platform === 'linux' && { niceIncrement: NICE }),
    });
    pool.on('workerCreate', () => {
      this.#workers++;
    });
    pool.on('workerDestroy', () => {
      this.#workers--;
    });
    return pool;
  }

  async #end(): Promise<void> {
    await (await this.#pool)?.destroy();
  }
}

/** A lower priority than requests. On other systems it would apply to the whole process. */
const NICE = 10;

/** The environment of a worker, with this process's compile cache, which workers do not inherit. */
function keepingCompiled(): Record<string, string> {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

function unwrapped(answered: AnalysisResult): unknown {
  if ('value' in answered) return answered.value;
  const { refused } = answered;
  throw new DefinitionError(refused.code, refused.diagnostics);
}

const isOutOfMemory = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
