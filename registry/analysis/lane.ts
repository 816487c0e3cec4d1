/**
 * Runs one worker at a time. The first question starts the worker. The worker has limits of time and memory. A worker
 * that has been idle for a while or uses too much memory is ended.
 */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import { DefinitionError } from '../definitions/errors.ts';
import type { AnalysisResult, AnalysisTask } from './worker.ts';

export interface LaneLimits {
  /** The most CPU time that one answer may take, in milliseconds. */
  deadline: number;
  /** The most JavaScript memory that the worker may use, in MiB. */
  memory: number;
  /** The size of V8's young generation, in MiB. If absent, V8 chooses the size. */
  young?: number;
  /** How long an idle worker is kept, in milliseconds. */
  idle: number;
  /**
   * Whether the worker gets a lower priority than the rest of the process. Only Linux can lower the priority of a
   * single thread.
   */
  yields: boolean;
}

/** Why the question was stopped before it had an answer. */
export type Stop = 'deadline' | 'memory' | 'closed';

export class Stopped extends Error {
  readonly why: Stop;

  constructor(why: Stop) {
    super(`stopped: ${why}`);
    this.why = why;
  }
}

/**
 * On a busy machine an answer takes longer than its CPU time. So the limit by the clock is a multiple of the limit of
 * CPU time.
 */
const PATIENCE = 6;

/** How many times to check the CPU time until the deadline. */
const LOOKS = 20;

/**
 * The most bytes that a worker may use after an answer. A larger worker is ended, because WebAssembly memory never
 * shrinks.
 */
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
   * Asks the worker a question. `answer` rejects with `Stopped`, with the `DefinitionError` of the question, or with
   * the error of the code that computed it. `free` resolves when the lane can take the next question.
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
    // A worker that cannot start reports its failure only through this event.
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

  /** Ends a worker that has used up its CPU time. Other work on the machine does not count towards that time. */
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
        // The worker has just started or just ended, so its CPU time cannot be read. The answer or an error follows.
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

/**
 * Workers get a lower priority than requests. Only on Linux: other systems would lower the priority of the whole
 * process.
 */
const NICE = 10;

/** The environment of a worker: the compile cache of this process, which workers do not inherit. */
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
