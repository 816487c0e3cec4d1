/** Measures stalls of a server's event loop, and for comparison those of an idle Node. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const IDLE = `
const delay = require('node:perf_hooks').monitorEventLoopDelay({ resolution: 10 });
delay.enable();
process.stdin.resume().on('end', () => console.log(delay.max / 1e6));
console.log('begun');
`;

/** The longest stall of the server since the last call, in milliseconds. */
export async function longestStall(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const [, seconds] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text) ?? [];
  if (seconds === undefined) throw new Error('the metrics of the server lack its event loop');
  return Number(seconds) * 1000;
}

/**
 * Starts an idle process. The returned function ends the process, and returns the process's longest stall in
 * milliseconds.
 */
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
