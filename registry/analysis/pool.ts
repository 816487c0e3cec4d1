/**
 * Workers that answer questions about definitions (docs/decisions/0029-analysis-in-workers.md). The first question
 * starts the workers, and they end after some time without a question. So an idle registry spends no memory on workers.
 */
import { availableParallelism } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import { DefinitionError } from '../definitions/errors.ts';
import type { OnReading } from '../definitions/extract/types.ts';
import type { Answer, Given, Question } from '../definitions/questions.ts';
import { Problem } from '../errors.ts';
import type { Analysis, FolderOrder, FolderReading } from '../services/analysis.ts';
import { REGISTRY_ACCOUNT } from '../services/caller.ts';
import { openReading } from './folder-reading.ts';
import { Lane, type LaneLimits, Stopped } from './lane.ts';
import { FairQueue } from './queue.ts';
import type { AnalysisTask } from './worker.ts';

export interface PoolLimits extends LaneLimits {
  /** How many workers may run at the same time. */
  lanes: number;
  /** How many questions of one account may wait. */
  waiting: number;
}

/**
 * The size of V8's young generation, in MiB. Syntax trees outlive the young generation whatever its size. A size of 6
 * MiB needs no more CPU than 16 MiB or V8's default, and V8 collects old objects sooner. A worker that reads a folder
 * needs 150 MB less than with the default, and 30 MB less than with 16 MiB.
 */
const YOUNG = 6;

const LIMITS: PoolLimits = {
  lanes: Math.min(4, Math.max(2, availableParallelism())),
  deadline: 10_000,
  memory: 256,
  young: YOUNG,
  waiting: 20,
  idle: 20_000,
  yields: true,
};

/** An operator may import a folder of thousands of files. Folders are read one after another. */
const FOLDERS: Pick<LaneLimits, 'deadline' | 'memory'> = { deadline: 1_800_000, memory: 512 };

/** How many questions of all accounts may wait. Each waiting question keeps its files in memory. */
const MOST_WAITING = 200;

/** After how many seconds a refused caller may ask again (the `Retry-After` header). */
const RETRY = 5;

export type Outcome = 'answered' | 'deadline' | 'memory' | 'failed' | 'refused';

/** The figures that `/metrics` shows. */
export interface PoolState {
  waiting: number;
  running: number;
  workers: number;
  /** The number of questions by outcome. */
  outcomes: Readonly<Record<Outcome, number>>;
}

interface Task {
  request: AnalysisTask;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

export class AnalysisPool implements Analysis {
  readonly #limits: PoolLimits;
  readonly #lanes: Lane[];
  readonly #queue: FairQueue<Task>;
  readonly #folders: { lane: Lane; queue: FairQueue<Task> };
  readonly #outcomes = { answered: 0, deadline: 0, memory: 0, failed: 0, refused: 0 };
  #closed = false;

  constructor(limits: Partial<PoolLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    this.#lanes = Array.from({ length: this.#limits.lanes }, () => new Lane(this.#limits));
    // One account may use all lanes but one, so the other accounts always have a lane.
    const share = Math.max(1, this.#limits.lanes - 1);
    this.#queue = new FairQueue({ share, waiting: this.#limits.waiting });
    const lane = new Lane({ ...this.#limits, ...FOLDERS });
    this.#folders = { lane, queue: new FairQueue({ share: 1, waiting: this.#limits.waiting }) };
  }

  get state(): PoolState {
    const lanes = [...this.#lanes, this.#folders.lane];
    return {
      waiting: this.#queue.size + this.#folders.queue.size,
      running: lanes.filter(({ busy }) => busy).length,
      workers: lanes.reduce((sum, { workers }) => sum + workers, 0),
      outcomes: this.#outcomes,
    };
  }

  async ask<Q extends Question>(
    account: string,
    question: Q,
    ...given: Given<Q>
  ): Promise<Answer<Q>> {
    const request = { question, given: given.map(lean) };
    return (await this.#add(this.#queue, account, request)) as Answer<Q>;
  }

  async readFolder(
    account: string,
    { files, ...order }: FolderOrder,
    onProgress?: OnReading,
  ): Promise<FolderReading> {
    const { port1, port2 } = new MessageChannel();
    // A file object may contain functions, which cannot be sent to a worker. So the worker gets the paths and reads the
    // files.
    const given = [port2, { ...order, files: files.map(({ path, size }) => ({ path, size })) }];
    const request: AnalysisTask = { question: 'folder', given, transfer: [port2] };
    return await openReading(port1, this.#add(this.#folders.queue, account, request), onProgress);
  }

  async #add(queue: FairQueue<Task>, account: string, request: AnalysisTask): Promise<unknown> {
    if (this.#closed) throw stopping();
    this.#demandRoom(account, queue);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    queue.add(account, { request, resolve, reject });
    this.#begin();
    return await promise;
  }

  /** Ends every worker. Waiting callers get the error that the registry is being stopped. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of [...this.#queue.clear(), ...this.#folders.queue.clear()])
      reject(stopping());
    await Promise.all([...this.#lanes, this.#folders.lane].map((lane) => lane.close()));
  }

  /**
   * Refuses a question if too many are waiting. The registry's own questions are never refused: the registry asks one
   * after another, and must be able to finish its work.
   */
  #demandRoom(account: string, queue: FairQueue<Task>): void {
    if (account === REGISTRY_ACCOUNT) return;
    if (!queue.hasRoom(account)) {
      this.#outcomes.refused++;
      const message = `Your account has ${this.#limits.waiting} definitions waiting to be read. Wait for the answers to your earlier requests, then try again.`;
      throw new Problem('too_many_requests', message, undefined, { retryAfter: RETRY });
    }
    if (queue.size < MOST_WAITING) return;
    this.#outcomes.refused++;
    const message = 'Too many definitions are waiting to be read. Try again in a moment.';
    throw new Problem('unavailable', message, undefined, { retryAfter: RETRY });
  }

  #begin(): void {
    const { lane, queue } = this.#folders;
    if (!lane.busy) this.#give(lane, queue);
    for (const lane of this.#lanes) if (!lane.busy && !this.#give(lane, this.#queue)) break;
  }

  /** Gives the lane the next question of the queue. Returns false if no question may run now. */
  #give(lane: Lane, queue: FairQueue<Task>): boolean {
    const next = queue.next();
    if (!next) return false;
    const { account, task } = next;
    const { answer, free } = lane.run(task.request);
    answer.then(
      (value) => {
        this.#outcomes.answered++;
        task.resolve(value);
      },
      (error: unknown) => task.reject(this.#explain(error, lane)),
    );
    free.then(() => {
      queue.done(account);
      this.#begin();
    });
    return true;
  }

  /** Counts the outcome of a question that failed, and returns the error for its caller. */
  #explain(error: unknown, lane: Lane): unknown {
    if (error instanceof DefinitionError) {
      this.#outcomes.answered++;
      return error;
    }
    if (!(error instanceof Stopped)) {
      this.#outcomes.failed++;
      return error;
    }
    if (error.why === 'closed') return stopping();
    this.#outcomes[error.why]++;
    const { deadline, memory } = lane.limits;
    const bound =
      error.why === 'deadline' ? `${deadline / 1000} s of computing` : `${memory} MiB of memory`;
    return new Problem(
      'too_costly',
      lane === this.#folders.lane
        ? `Reading the folder takes more than ${bound}. Import the subfolders one by one.`
        : `Reading the definition takes more than ${bound}. Make it simpler: one class, fewer and shorter statements; put tables into data files.`,
    );
  }
}

/**
 * Copies byte arrays. Sending a view to another thread would send its whole buffer, and that buffer may be a large
 * pack.
 */
function lean(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  return new Map(
    [...value].map(([key, inner]) => [key, isPart(inner) ? new Uint8Array(inner) : inner]),
  );
}

const isPart = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.byteLength < value.buffer.byteLength;

const stopping = (): Problem =>
  new Problem('unavailable', 'The registry is being stopped. Try again in a moment.', undefined, {
    retryAfter: RETRY,
  });
