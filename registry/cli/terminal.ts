/** Where a command prints: the terminal of this process, or one at the other end of a socket. */
import type { SingleBar } from 'cli-progress';
import { visible, visibleLine } from '../../text/hidden.ts';

export interface Terminal {
  /** A line of the command's result. */
  out(line: string): void;
  /** A line about progress or an error. */
  err(line: string): void;
  /** The progress of long work. `label` names the work. May be called as often as needed. */
  progress(done: number, total: number, label: string): void;
}

/** A bar if standard error is a terminal; otherwise lines. */
export async function localTerminal(): Promise<Terminal> {
  // The reader has seen enough (`registry user list | head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  const report = process.stderr.isTTY ? await progressBar() : progressLines();
  return {
    out: (line) => void process.stdout.write(`${visible(line)}\n`),
    err: printError,
    progress: (done, total, label) => report(done, total, visibleLine(label)),
  };
}

/**
 * Prints a line on standard error. It may contain names from others, so hidden characters are spelled out
 * (`text/hidden.ts`).
 */
export function printError(line: string): void {
  process.stderr.write(`${visible(line)}\n`);
}

async function progressBar(): Promise<Terminal['progress']> {
  const { SingleBar } = await import('cli-progress');
  let bar: SingleBar | undefined;
  return (done, total, label) => {
    if (!bar) {
      bar = new SingleBar({
        format: `${label} [{bar}] {value}/{total} {eta_formatted}`,
        stream: process.stderr,
        hideCursor: true,
      });
      bar.start(total, done);
    }
    bar.update(done);
    if (done >= total) {
      bar.stop();
      bar = undefined;
    }
  };
}

/** The longest time without a line while work proceeds, in milliseconds. */
const SILENCE = 10_000;

/**
 * A line for each tenth, and one after ten seconds without. Unlike a bar, it suits logs, and shows within seconds that
 * work proceeds.
 */
export function progressLines(
  write: (line: string) => void = (line) => void process.stderr.write(line),
  now: () => number = () => performance.now(),
): Terminal['progress'] {
  let shown = { label: '', tenth: 0, at: now() };
  return (done, total, label) => {
    const tenth = Math.floor((10 * done) / Math.max(total, 1));
    const at = now();
    const isNew = label !== shown.label;
    if (tenth > (isNew ? 0 : shown.tenth) || at - shown.at >= SILENCE) {
      write(`${label}: ${done}/${total}\n`);
      shown = { label, tenth, at };
    } else if (isNew) shown = { ...shown, label, tenth: 0 };
    if (done >= total) shown = { ...shown, label: '' };
  };
}
