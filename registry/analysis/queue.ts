/** Decides which task runs next. Accounts take turns, so an account with many tasks delays only itself. Pure. */

export interface QueueLimits {
  /** How many tasks of one account may run at the same time. */
  share: number;
  /** How many tasks of one account may wait. */
  waiting: number;
}

export class FairQueue<Task> {
  /** The waiting tasks of each account. The account at the front has the next turn. */
  readonly #waiting = new Map<string, Task[]>();
  readonly #running = new Map<string, number>();
  readonly #limits: QueueLimits;
  #size = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** How many tasks are waiting. */
  get size(): number {
    return this.#size;
  }

  /** Whether one more task of the account may wait. */
  hasRoom(account: string): boolean {
    return (this.#waiting.get(account)?.length ?? 0) < this.#limits.waiting;
  }

  add(account: string, task: Task): void {
    const tasks = this.#waiting.get(account) ?? [];
    tasks.push(task);
    this.#waiting.set(account, tasks);
    this.#size++;
  }

  /**
   * Removes the next task and counts it as running until `done` is called. Returns undefined if no waiting task may run
   * yet.
   */
  next(): { account: string; task: Task } | undefined {
    for (const [account, tasks] of this.#waiting) {
      const running = this.#running.get(account) ?? 0;
      if (running >= this.#limits.share) continue;
      const task = tasks.shift() as Task;
      this.#waiting.delete(account);
      if (tasks.length > 0) this.#waiting.set(account, tasks);
      this.#running.set(account, running + 1);
      this.#size--;
      return { account, task };
    }
    return undefined;
  }

  /** Records that a task of the account has ended, so that its next task may run. */
  done(account: string): void {
    const left = (this.#running.get(account) ?? 1) - 1;
    if (left > 0) this.#running.set(account, left);
    else this.#running.delete(account);
  }

  /** Removes and returns all waiting tasks. */
  clear(): Task[] {
    const tasks = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#size = 0;
    return tasks;
  }
}
