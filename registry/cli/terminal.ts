/** Where a command prints its output: the terminal of this process, or that of a client at the other end of a socket. */
import type { SingleBar } from 'cli-progress';
import { visible, visibleLine } from '../../text/hidden.ts';

export interface Terminal {
  /** Prints a line of the command's result. */
  out(line: string): void;
  /** Prints a line about progress or an error. */
  err(line: string): void;
  /** Shows the progress of long work, which `label` names. This method may be called very often. */
  progress(done: number, total: number, label: string): void;
}

/** The terminal of this process. Shows progress as a bar if standard error is a terminal, and otherwise as lines. */
export async function localTerminal(): Promise<Terminal> {
  // EPIPE means that the reader of the output has ended, as in `registry user list | head`.
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

/** Prints a line on standard error. Shows hidden characters (`text/hidden.ts`), because names by users may contain them. */
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

/** After this many milliseconds without a line, the next step of the work prints one. */
const SILENCE = 10_000;

/**
 * Prints a line for each tenth of the work, and another after ten seconds without one. Unlike a bar, lines are readable in
 * logs, and they show within seconds that the work proceeds.
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
