/** What a pushing client sends before its pack (gitprotocol-pack(5), "Reference Update Request"). */
import { type Capabilities, readCapabilities, splitAtNul, words } from './capabilities.ts';
import { WireError } from './errors.ts';
import { parseOid, ZERO_OID } from './oid.ts';
import { anyText, type Packet } from './pkt-line.ts';

/** One ref that the client wants to move; null stands for "absent". */
export interface Command {
  /** Bytes that are not UTF-8 as `anyText` has them; no ref can have such a name. */
  ref: string;
  from: string | null;
  to: string | null;
}

export interface CommandList {
  commands: Command[];
  capabilities: Capabilities;
  /** Commits whose parents the client lacks; a server may refuse such a push. */
  shallow: string[];
}

/** The packets of a command list without its closing flush packet. Throws WireError. */
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

/** Push options stand between the commands and the pack, without their closing flush packet; U+FFFD for what is not UTF-8. */
export function parsePushOptions(packets: Iterable<Packet>): string[] {
  return Array.from(packets, (packet) => {
    if (typeof packet === 'string') throw new WireError('unexpected packet in push options');
    return packet.toString('utf8').replace(/\n$/, '');
  });
}
