/** The `ls-refs` command of protocol v2 (gitprotocol-v2(5), "ls-refs"). */
import { WireError } from './errors.ts';
import { FLUSH, textPacket, writePackets } from './pkt-line.ts';

export interface LsRefsRequest {
  /** Show the object that an annotated tag points to. */
  peel: boolean;
  /** Show where symbolic refs point. */
  symrefs: boolean;
  /** Show HEAD's target even if it does not exist yet. */
  unborn: boolean;
  /** List only refs with a name that starts with one of these prefixes. An empty list means all refs. */
  prefixes: string[];
}

export interface ListedRef {
  name: string;
  /** Null for HEAD if its target does not exist yet. */
  oid: string | null;
  symref?: string;
  peeled?: string;
}

/** If a request has this many prefixes, git ignores them all (ls-refs.c, TOO_MANY_PREFIXES). */
const TOO_MANY_PREFIXES = 65_536;

export function parseLsRefsArgs(args: string[]): LsRefsRequest {
  const prefixes: string[] = [];
  for (const arg of args) {
    if (arg.startsWith('ref-prefix ')) prefixes.push(arg.slice('ref-prefix '.length));
    else if (arg !== 'peel' && arg !== 'symrefs' && arg !== 'unborn')
      throw new WireError(`unexpected line: '${arg.slice(0, 80)}'`);
  }
  return {
    peel: args.includes('peel'),
    symrefs: args.includes('symrefs'),
    unborn: args.includes('unborn'),
    prefixes: prefixes.length >= TOO_MANY_PREFIXES ? [] : prefixes,
  };
}

export function writeLsRefsAnswer(refs: Iterable<ListedRef>): Buffer {
  const lines = Array.from(refs, ({ name, oid, symref, peeled }) => {
    const target = symref === undefined ? '' : ` symref-target:${symref}`;
    const object = peeled === undefined ? '' : ` peeled:${peeled}`;
    return textPacket(`${oid ?? 'unborn'} ${name}${target}${object}`);
  });
  return writePackets([...lines, FLUSH]);
}
