/** How long an event loop stood still: a server's, and beside it that of a Node which does nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const IDLE = `
const delay = require('node:perf_hooks').monitorEventLoopDelay({ resolution: 10 });
delay.enable();
process.stdin.resume().on('end', () => console.log(delay.max / 1e6));
console.log('begun');
`;

/** The longest stall since this was last asked of the server, in milliseconds. */
export async function longestStall(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const [, seconds] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text) ?? [];
  if (seconds === undefined) throw new Error('the server says nothing of its event loop');
  return Number(seconds) * 1000;
}

/** Begins an idle process; what is returned ends it and gives its longest stall in milliseconds. */
export async function idleLoop(): Promise<() => Promise<number>> {
  const child = spawn(process.execPath, ['-e', IDLE], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await once(child, 'close');
    return Number(output.trim().split('\n').at(-1));
  };
}
