/** Runs a document's walk-through: its ```console blocks as one shell session, with the output of each command. */
import { spawn } from 'node:child_process';

export interface Step {
  /** The command as written, with continuation lines joined. */
  command: string;
  /** The output of the command in the document. */
  output: string;
}

const BLOCK = /```console\n(.*?)```/gs;

/** Commands start with `$ `, continuation lines with `> `. All other lines are output. */
export function readSteps(text: string): Step[] {
  const steps: Step[] = [];
  for (const [, block] of text.matchAll(BLOCK)) {
    for (const line of (block as string).split('\n').slice(0, -1)) {
      const current = steps.at(-1);
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: '' });
      else if (line.startsWith('> ') && current) current.command += `\n${line.slice(2)}`;
      else if (current) current.output += `${line}\n`;
    }
  }
  return steps;
}

/** Returns the text with its outputs replaced by those of `steps`. */
export function writeSteps(text: string, steps: readonly Step[]): string {
  let next = 0;
  return text.replace(BLOCK, (_all, block: string) => {
    const lines = block
      .split('\n')
      .slice(0, -1)
      .flatMap((line, i, all) => {
        if (!line.startsWith('$ ') && !line.startsWith('> ')) return [];
        if (all[i + 1]?.startsWith('> ')) return [line];
        return [line, ...(steps[next++] as Step).output.split('\n').slice(0, -1)];
      });
    return `\`\`\`console\n${lines.join('\n')}\n\`\`\``;
  });
}

/** Runs the commands in one bash. Standard output and error are combined, as on a terminal. */
export async function runSteps(
  steps: readonly Step[],
  options: { cwd: string; env: Record<string, string> },
): Promise<Step[]> {
  const mark = (i: number) => `@@step-${i}@@`;
  const script = steps
    .map(({ command }, i) => `printf '%s\\n' '${mark(i)}'\n${command}\n`)
    .join('');
  const shell = spawn('bash', ['-s'], { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  let printed = '';
  shell.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
  });
  shell.stdin.end(`exec 2>&1\n${script}`);
  await new Promise((resolve, reject) => {
    shell.once('error', reject);
    shell.once('close', resolve);
  });
  return steps.map(({ command }, i) => {
    const start = printed.indexOf(mark(i)) + mark(i).length + 1;
    const end = printed.indexOf(mark(i + 1));
    return { command, output: printed.slice(start, end < 0 ? undefined : end) };
  });
}
