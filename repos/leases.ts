/**
 * Leases tell which processes of a registry run (docs/decisions/0045-landings-that-always-end.md). Locks and journal
 * entries name the lease of their process. A process renews its lease every second. Another process ends the lease if it
 * has not been renewed for a few seconds, or at once if the process of this machine no longer exists.
 *
 * Nobody compares clocks: each process measures with its own steady clock how long it has seen a lease unchanged.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const RENEW_MS = 1000;
/** A process that does not renew its lease for this long loses it. */
const LEASE_MS = 5000;

export interface Leases {
  /** The lease of this process. Contains neither `/` nor `~`. */
  readonly id: string;
  /** The part of `id` that stays when this process needs a new lease. */
  readonly process: string;
  /** Whether another process has ended the lease of this process. */
  readonly isLost: boolean;
  /**
   * The folder of what this process prepares for repositories: new repositories, objects, and what a push sends. It
   * disappears when another process ends the lease.
   */
  readonly workshop: string;
  /** The folder of the leases, in which there may be locks too. */
  readonly folder: string;
  /** Begins a new lease after the old one was lost. Call it when nothing refers to the old lease any more. */
  begin(): void;
  /** Whether a lease has ended. Ends a lease that is no longer renewed. */
  isEnded(id: string): Promise<boolean>;
  /** Ends all leases that are no longer renewed. Returns the processes whose lease this one has ended since the last call. */
  endStale(): Promise<string[]>;
  close(): Promise<void>;
}

/** Opens the folder of leases and begins a lease. `workshops` is the folder of all processes' workshops. */
export async function openLeases(folder: string, workshops: string): Promise<Leases> {
  await mkdir(folder, { recursive: true });
  await mkdir(workshops, { recursive: true });
  return new LeaseFolder(folder, workshops);
}

class LeaseFolder implements Leases {
  readonly process = randomBytes(8).toString('hex');
  readonly folder: string;
  readonly #workshops: string;
  readonly #timer: NodeJS.Timeout;
  /** What this process last saw of other leases, and for how many milliseconds they have not changed. */
  readonly #noticed = new Map<string, { text: string; at: number; idle: number }>();
  /** Processes whose lease this process has ended since the last `endStale`. */
  #ended = new Set<string>();
  #number = 0;
  #beats = 0;
  isLost = false;

  constructor(folder: string, workshops: string) {
    this.folder = folder;
    this.#workshops = workshops;
    this.begin();
    this.#timer = setInterval(() => this.#renew(), RENEW_MS).unref();
  }

  get id(): string {
    return `${this.process}-${this.#number}`;
  }

  get workshop(): string {
    return join(this.#workshops, this.id);
  }

  begin(): void {
    this.#number += 1;
    this.isLost = false;
    mkdirSync(this.workshop);
    writeFileSync(this.#path(this.id), this.#text(), { flag: 'wx' });
  }

  /** Writes synchronously: under load, the threads that write files may have a queue that is longer than a lease. */
  #renew(): void {
    if (this.isLost) return;
    try {
      // `r+` does not create the file, so a lease that was ended stays ended.
      writeFileSync(this.#path(this.id), this.#text(), { flag: 'r+' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.isLost = true;
      else process.emitWarning(error as Error);
    }
  }

  /** Always equally long, because a renewal overwrites the text. */
  #text(): string {
    this.#beats += 1;
    return `${PLACE} ${String(this.#beats).padStart(12, '0')}\n`;
  }

  async isEnded(id: string): Promise<boolean> {
    if (id === this.id && !this.isLost) return false;
    if (!LEASE_ID.test(id)) return true;
    let text: string;
    try {
      text = await readFile(this.#path(id), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#noticed.delete(id);
      return true;
    }
    if (!hasLeft(text) && this.#idle(id, text) < LEASE_MS) return false;
    await this.#end(id);
    return true;
  }

  /**
   * How long this process has seen the lease unchanged. A pause between two looks counts for at most a renewal's time,
   * because this process itself may have been stopped in the pause.
   */
  #idle(id: string, text: string): number {
    const now = performance.now();
    const before = this.#noticed.get(id);
    const same = before?.text === text;
    const idle = same ? before.idle + Math.min(now - before.at, RENEW_MS) : 0;
    this.#noticed.set(id, { text, at: now, idle });
    return idle;
  }

  /** Removes the workshop first: nothing that is prepared in it can be moved into place any more. */
  async #end(id: string): Promise<void> {
    const grave = `ended~${this.id}~${randomBytes(8).toString('hex')}`;
    await discard(join(this.#workshops, id), join(this.#workshops, grave));
    await rm(this.#path(id), { force: true });
    this.#noticed.delete(id);
    this.#ended.add(id.slice(0, id.indexOf('-')));
  }

  async endStale(): Promise<string[]> {
    const left = (await readdir(this.#workshops)).filter((id) => LEASE_ID.test(id));
    for (const id of new Set([...(await readdir(this.folder)), ...left])) {
      // A crash between the two steps of `#end`, or a restored folder, leaves a workshop without a lease.
      if (LEASE_ID.test(id) && (await this.isEnded(id)) && left.includes(id)) await this.#end(id);
    }
    const ended = [...this.#ended].filter((process) => process !== this.process);
    this.#ended.clear();
    return ended;
  }

  #path(id: string): string {
    return join(this.folder, id);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#end(this.id);
  }
}

/** The form of a lease's id. */
export const LEASE_ID = /^[0-9a-f]{16}-\d+$/;

/** Moves a file or folder away in one step, so that nobody finds it half deleted, and deletes it. */
export async function discard(path: string, grave: string): Promise<void> {
  try {
    await rename(path, grave);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await rm(grave, { recursive: true, force: true });
}

/**
 * Identifies a running machine (its boot) and the container in it, because process numbers of another container mean
 * nothing here. Without /proc, the name of the host.
 */
function machine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return encodeURIComponent(hostname());
  }
}

/**
 * The time at which a process started, in ticks since boot (proc(5), field 22 of /proc/<pid>/stat). It distinguishes a
 * process from a later one with the same number. Returns `0` if the system has no /proc, and undefined if the process
 * has ended.
 */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return '0';
  }
}

const MACHINE = machine();
const PLACE = `${MACHINE} ${process.pid} ${startOf(process.pid)}`;

/** Whether the process of this lease ran on this machine and has ended. */
function hasLeft(text: string): boolean {
  const [place, pid, start] = text.split(' ');
  if (place !== MACHINE) return false;
  const now = startOf(Number(pid));
  return now === undefined || (now !== '0' && start !== '0' && now !== start);
}
