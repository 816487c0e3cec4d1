/**
 * Parses the commands that a pushing client sends before its pack (gitprotocol-pack(5), "Reference Update Request").
 */
import { type Capabilities, readCapabilities, splitAtNul, words } from './capabilities.ts';
import { WireError } from './errors.ts';
import { parseOid, ZERO_OID } from './oid.ts';
import { anyText, type Packet } from './pkt-line.ts';

/** A request to move one ref from `from` to `to`. Null means that the ref is absent. */
export interface Command {
  /** The name of the ref, decoded by `anyText`. The name may not be UTF-8, unlike the name of any existing ref. */
  ref: string;
  from: string | null;
  to: string | null;
}

export interface CommandList {
  commands: Command[];
  capabilities: Capabilities;
  /** Commits without parents in the client's shallow clone. A server may refuse a push from a shallow clone. */
  shallow: string[];
}

/** Parses the packets of a command list without its final flush packet. Throws WireError. */
export function parseCommandList(packets: Iterable<Packet>): CommandList {
  const list: CommandList = { commands: [], capabilities: new Map(), shallow: [] };
  for (const packet of packets) {
    if (typeof packet === 'string') throw new WireError('unexpected packet in a command list');
    const [line, capabilities] = splitAtNul(anyText(packet));
    if (capabilities !== undefined && list.commands.length === 0)
      list.capabilities = readCapabilities(words(capabilities));
    if (line.startsWith('shallow ')) list.shallow.push(parseOid(line.slice('shallow '.length)));
    else list.commands.push(parseCommand(line));
  }
  return list;
}

function parseCommand(line: string): Command {
  const [from = '', to = '', ...name] = line.split(' ');
  const ref = name.join(' ');
  if (ref === '') throw new WireError(`not a command: '${line.slice(0, 80)}'`);
  return { ref, from: oidOrNull(from), to: oidOrNull(to) };
}

function oidOrNull(text: string): string | null {
  return text === ZERO_OID ? null : parseOid(text);
}

/**
 * Parses the push options between the commands and the pack, without their final flush packet. Invalid UTF-8
 * becomes U+FFFD.
 */
export function parsePushOptions(packets: Iterable<Packet>): string[] {
  return Array.from(packets, (packet) => {
    if (typeof packet === 'string') throw new WireError('unexpected packet in push options');
    return packet.toString('utf8').replace(/\n$/, '');
  });
}
