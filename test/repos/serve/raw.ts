/** Sends requests that well-behaved clients never send. */
import { spawn } from 'node:child_process';
import { readPackets } from '../../../repos/wire/pkt-line.ts';
import type { Command } from '../../../repos/wire/push.ts';
import { parseReport, parseSideBand, writeCommandList } from '../wire/client.ts';

/** Posts to a service. The content type is correct, unless `headers` overrides it. */
export async function post(
  repositoryUrl: string,
  service: 'git-upload-pack' | 'git-receive-pack',
  body: Buffer,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${repositoryUrl}/${service}`, {
    method: 'POST',
    headers: { 'content-type': `application/x-${service}-request`, ...headers },
    body: new Uint8Array(body),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, type: response.headers.get('content-type'), bytes };
}

export function pushBody(commands: Command[], pack: Buffer, capabilities: string[] = []): Buffer {
  const words = ['report-status', 'side-band-64k', ...capabilities];
  const list = { commands, shallow: [], capabilities: new Map(words.map((w) => [w, undefined])) };
  return Buffer.concat([writeCommandList(list), pack]);
}

/** Returns the report in the answer to a push, and the messages for the user. */
export function readPushAnswer(bytes: Buffer) {
  const bands = parseSideBand(readPackets(bytes));
  return { ...parseReport(bands[1]), messages: bands[2].toString() };
}

/** Runs git with bytes as input. Rejects if git fails. */
export function gitBytes(cwd: string, args: string[], input: Uint8Array | string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(stderr)),
    );
    child.stdin.end(input);
  });
}

/** Writes an object unchanged, even if it is invalid, and returns its id. */
export async function writeObject(cwd: string, type: string, content: Uint8Array | string) {
  const args = ['hash-object', '-t', type, '--literally', '-w', '--stdin'];
  return (await gitBytes(cwd, args, content)).toString().trim();
}

/** A raw tree object with these entries in this order. */
export function rawTree(entries: [mode: string, name: string, oid: string][]): Buffer {
  return Buffer.concat(
    entries.flatMap(([mode, name, oid]) => [
      Buffer.from(`${mode} ${name}\0`),
      Buffer.from(oid, 'hex'),
    ]),
  );
}

export function rawCommit(tree: string, parent?: string, lines = ''): string {
  const who = 'An Author <author@example.org> 1700000000 +0000';
  const parents = parent === undefined ? '' : `parent ${parent}\n`;
  return `tree ${tree}\n${parents}author ${who}\ncommitter ${who}\n${lines}\nmessage\n`;
}

/** A pack of exactly these objects. */
export function packOf(cwd: string, oids: string[]): Promise<Buffer> {
  return gitBytes(cwd, ['pack-objects', '--stdout', '-q'], oids.map((oid) => `${oid}\n`).join(''));
}
