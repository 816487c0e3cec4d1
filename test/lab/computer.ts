/** A computer of the simulated lab. Each computer has its own data folder, identity, programs and network cable. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { CLIENT, CLIENT_FOLDER, pythonWith } from '../helpers/python.ts';
import { type Network, openNetwork } from './network.ts';

const HERE = import.meta.dirname;
const STANDIN = join(HERE, '..', 'fixtures', 'pybirch-standin');

export interface Outcome {
  code: number | null;
  /** The JSON value that the command printed. */
  value: unknown;
  stderr: string;
}

/** A running program on the computer; see program.py. */
export interface Program {
  /** Runs a piece of Python and returns its `result`. Throws the error that the Python code raised. */
  run(python: string): Promise<unknown>;
  /** The log of the last piece of Python. */
  logged(): string;
  close(): Promise<void>;
}

export interface Computer {
  name: string;
  home: string;
  network: Network;
  /** Runs `pybirch-registry ARGUMENTS --json`. */
  command(...args: string[]): Promise<Outcome>;
  /**
   * Runs a command that keeps running, such as `watch`, and yields its lines as they arrive. The command ends with the
   * test.
   */
  follow(...args: string[]): AsyncIterableIterator<unknown>;
  program(): Promise<Program>;
}

export async function openComputer(t: Test, name: string, registry: string): Promise<Computer> {
  const python = await pythonWith(CLIENT);
  const home = join(t.testdir(), name);
  const network = await openNetwork(registry);
  const env = {
    // The computer has no other programs, in particular no git.
    PATH: '',
    HOME: home,
    PYTHONPATH: [join(CLIENT_FOLDER, 'src'), STANDIN].join(':'),
    PYTHONDONTWRITEBYTECODE: '1',
    PYBIRCH_REGISTRY_HOME: home,
    PYVISA_LIBRARY: `${join(HERE, 'instruments.yaml')}@sim`,
    NO_PROXY: '*',
  };
  const ends: (() => Promise<unknown>)[] = [];
  t.teardown(async () => {
    await Promise.all(ends.map((end) => end()));
    await network.close();
  });

  function start(args: string[]) {
    const child = spawn(python, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    ends.push(async () => {
      child.kill();
      await closed;
    });
    return {
      child,
      lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
      closed,
      stderr: () => stderr,
    };
  }

  return {
    name,
    home,
    network,

    async command(...args) {
      const { child, lines, closed, stderr } = start(['-m', 'pybirch_registry', ...args, '--json']);
      child.stdin.end();
      let last = 'null';
      for await (const line of lines) last = line;
      return { code: await closed, value: JSON.parse(last), stderr: stderr() };
    },

    async *follow(...args) {
      for await (const line of start(['-m', 'pybirch_registry', ...args, '--json']).lines)
        yield JSON.parse(line);
    },

    async program() {
      const { child, lines, closed, stderr } = start([join(HERE, 'program.py')]);
      let logged = '';
      return {
        async run(code) {
          child.stdin.write(`${JSON.stringify(code)}\n`);
          const { value, done } = await lines.next();
          if (done) throw new Error(`the program ended: ${stderr()}`);
          const { result, error, log } = JSON.parse(value);
          logged = log;
          if (error !== undefined) throw new Error(error);
          return result;
        },
        logged: () => logged,
        async close() {
          child.stdin.end();
          await closed;
        },
      };
    },
  };
}
