/**
 * Parses and writes requests of fetching clients. Protocol v2 has the `fetch` command (gitprotocol-v2(5), "fetch"); v0
 * and v1 have a request of their own (gitprotocol-pack(5), "Packfile Negotiation").
 */
import { splitAtNul, words } from './capabilities.ts';
import { WireError } from './errors.ts';
import { parseOid } from './oid.ts';
import {
  FLUSH,
  type Packet,
  packetText,
  readPackets,
  textPacket,
  writePackets,
} from './pkt-line.ts';

export interface FetchRequest {
  wants: string[];
  haves: string[];
  /** Whether the client has listed all its commits and expects the pack. */
  done: boolean;
  /** All other arguments, in order: `thin-pack`, `deepen 1`, `filter blob:none`, … */
  options: string[];
}

/** The arguments that a server must accept if it advertises `fetch=shallow filter wait-for-done`. */
const FLAGS = /^(thin-pack|no-progress|include-tag|ofs-delta|deepen-relative|wait-for-done)$/;
const VALUED =
  /^(shallow [0-9a-f]{40}|deepen \d{1,10}|deepen-since \d{1,20}|deepen-not [^\0]+|filter [^\0]+)$/;

/** Throws WireError for an argument that the server did not offer (`want-ref`, `packfile-uris`, …). */
export function parseFetchArgs(args: string[]): FetchRequest {
  const request: FetchRequest = { wants: [], haves: [], done: false, options: [] };
  for (const arg of args) {
    if (arg.startsWith('want ')) request.wants.push(parseOid(arg.slice('want '.length)));
    else if (arg.startsWith('have ')) request.haves.push(parseOid(arg.slice('have '.length)));
    else if (arg === 'done') request.done = true;
    else if (FLAGS.test(arg) || VALUED.test(arg)) request.options.push(arg);
    else throw new WireError(`unexpected line: '${arg.slice(0, 80)}'`);
  }
  return request;
}

export function writeFetchArgs({ wants, haves, done, options }: FetchRequest): string[] {
  return [
    ...options,
    ...wants.map((oid) => `want ${oid}`),
    ...haves.map((oid) => `have ${oid}`),
    ...(done ? ['done'] : []),
  ];
}

/** A v0 or v1 request. The words after the first want are the client's capabilities. */
export interface UploadRequest extends FetchRequest {
  capabilities: string[];
}

/** Parses a v0 or v1 request, including every round of its negotiation. Throws WireError. */
export function parseUploadRequest(bytes: Buffer): UploadRequest {
  const request: UploadRequest = { capabilities: [], ...parseFetchArgs([]) };
  for (const packet of readPackets(bytes)) {
    if (packet === FLUSH) continue;
    if (typeof packet === 'string') throw new WireError('unexpected packet in a request');
    const [line, extra] = splitAtNul(packetText(packet));
    if (extra !== undefined) throw new WireError('unexpected NUL in a request');
    const first = line.startsWith('want ') && request.wants.length === 0;
    if (first) request.capabilities = words(line.slice('want '.length + 40));
    const { wants, haves, done, options } = parseFetchArgs([first ? line.slice(0, 45) : line]);
    request.wants.push(...wants);
    request.haves.push(...haves);
    request.done ||= done;
    request.options.push(...options);
  }
  return request;
}

/** Rewrites a v0 or v1 request. `change` returns the new text of each line, or null to remove the line. */
export function mapUploadRequest(bytes: Buffer, change: (line: string) => string | null): Buffer {
  return writePackets(
    readPackets(bytes).flatMap((packet): Packet[] => {
      if (typeof packet === 'string') return [packet];
      const line = packetText(packet);
      const changed = change(line);
      if (changed === line) return [packet];
      return changed === null ? [] : [textPacket(changed)];
    }),
  );
}
