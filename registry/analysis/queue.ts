/** Who is next: accounts take turns, so that one that asks for much delays nobody but itself. Pure. */

export interface QueueLimits {
  /** Tasks of one account that run at the same time. */
  share: number;
  /** Tasks of one account that wait. */
  waiting: number;
}

export class FairQueue<Task> {
  /** Accounts with waiting tasks, the one whose turn it is first. */
  readonly #waiting = new Map<string, Task[]>();
  readonly #running = new Map<string, number>();
  readonly #limits: QueueLimits;
  #size = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** How many tasks wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether the account may have one more task waiting. */
  hasRoom(account: string): boolean {
    return (this.#waiting.get(account)?.length ?? 0) < this.#limits.waiting;
  }

  add(account: string, task: Task): void {
    const tasks = this.#waiting.get(account) ?? [];
    tasks.push(task);
    this.#waiting.set(account, tasks);
    this.#size++;
  }

  /** Takes the next task out and counts it as running until `done`; undefined where no account may run one. */
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

  /** A task of the account has ended. */
  done(account: string): void {
    const left = (this.#running.get(account) ?? 1) - 1;
    if (left > 0) this.#running.set(account, left);
    else this.#running.delete(account);
  }

  /** Takes out everything that waits. */
  clear(): Task[] {
    const tasks = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#size = 0;
    return tasks;
  }
}
