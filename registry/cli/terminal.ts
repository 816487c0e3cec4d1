/** Where a command says what it does: this process's own terminal, or one at the other end of a socket. */
import type { SingleBar } from 'cli-progress';
import { visible, visibleLine } from '../../text/hidden.ts';

export interface Terminal {
  /** A line of the command's result. */
  out(line: string): void;
  /** A line about how it goes, or what went wrong. */
  err(line: string): void;
  /** How far long work has come; `label` says of what. Call it as often as you like. */
  progress(done: number, total: number, label: string): void;
}

/** A bar where standard error is a terminal; else a line at each tenth. */
export async function localTerminal(): Promise<Terminal> {
  // Whoever reads has seen enough (`registry user list | head`).
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

/** A line on standard error. Names in it are somebody else's: what they hide is spelled out (`text/hidden.ts`). */
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

function progressLines(): Terminal['progress'] {
  let shown = 0;
  return (done, total, label) => {
    const tenth = Math.floor((10 * done) / Math.max(total, 1));
    if (tenth > shown) process.stderr.write(`${label}: ${done}/${total}\n`);
    shown = done >= total ? 0 : tenth;
  };
}
