/** Requests under protocol v2: a command, capabilities and arguments (gitprotocol-v2(5), "Command Request"). */
import { WireError } from './errors.ts';
import {
  DELIMITER,
  FLUSH,
  type Packet,
  packetText,
  readPacket,
  textPacket,
  writePackets,
} from './pkt-line.ts';

export interface CommandRequest {
  command: string;
  /** `agent=…`, `object-format=sha1`, `server-option=…` as sent. */
  capabilities: string[];
  args: string[];
}

export function writeCommandRequest({ command, capabilities, args }: CommandRequest): Buffer {
  const packets: Packet[] = [`command=${command}`, ...capabilities].map(textPacket);
  if (args.length > 0) packets.push(DELIMITER, ...args.map(textPacket));
  return writePackets([...packets, FLUSH]);
}

/** Parses the request at the start of `bytes`. Like git, ignores further requests in the same body. Throws WireError. */
export function parseCommandRequest(bytes: Buffer): CommandRequest {
  const head: string[] = [];
  const args: string[] = [];
  let list = head;
  for (let at = 0; ; ) {
    const read = readPacket(bytes, at);
    if (read === undefined) throw new WireError('the request ends before its flush packet');
    at = read.end;
    if (read.packet === FLUSH) break;
    if (typeof read.packet !== 'string') list.push(packetText(read.packet));
    else if (read.packet === DELIMITER && list === head) list = args;
    else throw new WireError('unexpected packet in a request');
  }
  const commands = head.filter((key) => key.startsWith('command='));
  const [command] = commands;
  if (command === undefined) throw new WireError('no command requested');
  if (commands.length > 1) throw new WireError('more than one command requested');
  return {
    command: command.slice('command='.length),
    capabilities: head.filter((key) => key !== command),
    args,
  };
}
