import { visibleLine } from '../../text/hidden.ts';
import { isRegistryRef } from '../../text/refs.ts';
import type { GitCaches } from '../git-caches.ts';
import { isRefName } from '../ref-names.ts';
import type { GitProgram, Repository } from '../types.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import { WireError } from '../wire/errors.ts';
import { FLUSH, writePacket } from '../wire/pkt-line.ts';
import { type Command, parseCommandList, parsePushOptions } from '../wire/push.ts';
import { type RefResult, writeReport } from '../wire/report.ts';
import { Band, writeSideBand } from '../wire/side-band.ts';
import { type Answer, gitAnswer, RequestRefused, refusal } from './answer.ts';
import {
  type Body,
  checkContentType,
  decoded,
  endsWithin,
  PacketSource,
  passOver,
} from './body.ts';
import type { PushGate, Refusal } from './gate.ts';
import { takePush } from './take-push.ts';
import type { PackLimits } from './unpack.ts';
import type { Visible } from './visible-refs.ts';

export interface ReceivePackRequest extends Body {
  gate: PushGate;
  limits: PackLimits;
  /** Tells which refs the pusher may see. */
  visible: Visible;
  /** Identifies `visible` in the keys of caches: callers with the same text see the same refs. */
  visibility: string;
  signal: AbortSignal;
  git: GitProgram;
  caches: GitCaches;
}

const RESULT = 'git-receive-pack-result';

/** The most bytes that the list of commands may have, and also the list of push options. */
const LIST_LIMIT = 4 * 1024 * 1024;
/** The most refs in one push. While the server looks up the refs of a push, it answers no other request. */
const MOST_COMMANDS = 1000;

/**
 * The most bytes that are read of a push that is already refused. A client sends everything before it reads the answer;
 * if the server stopped reading, the client would report a broken connection and not the reason. After this many bytes
 * the server closes the connection.
 */
const readOn = ({ packBytes }: PackLimits) => Math.max(4 * packBytes, 16 * 1024 * 1024);

/**
 * Answers `POST git-receive-pack`: reads the commands and the pack, asks the gate, and reports the result for each ref.
 * Keeps no objects of a push that is refused, broken or cut off. Rejects if the client has disconnected, if git cannot be
 * started, or if the gate fails.
 */
export async function receivePack(
  repository: Repository,
  request: ReceivePackRequest,
): Promise<Answer> {
  try {
    checkContentType('git-receive-pack', request.contentType);
    const source = new PacketSource(decoded(request), request.patience);
    return await receive(repository, request, source);
  } catch (error) {
    passOver(request, readOn(request.limits));
    if (error instanceof RequestRefused) return refusal(error);
    if (error instanceof WireError) return refusal(new RequestRefused(400, error.message));
    throw error;
  }
}

async function receive(
  repository: Repository,
  request: ReceivePackRequest,
  source: PacketSource,
): Promise<Answer> {
  const packets = await source.packetsToFlush(LIST_LIMIT);
  if (packets === undefined) throw new RequestRefused(400, 'the request is empty');
  const { commands, capabilities, shallow } = parseCommandList(packets);
  // Clients send a single flush packet before a large or chunked post, to test the connection.
  if (commands.length === 0) return gitAnswer(RESULT, Buffer.alloc(0));
  const format = capabilities.get('object-format') ?? 'sha1';
  if (format !== 'sha1') throw new WireError(`mismatched object format: ${format}`);
  const options = capabilities.has('push-options')
    ? parsePushOptions((await source.packetsToFlush(LIST_LIMIT)) ?? [])
    : [];
  const messages: string[] = [];
  const push = { commands, options, shallow, atomic: capabilities.has('atomic') };

  const refusals = await collectRefusals(repository, request.gate, push);
  for (const { lines = [] } of refusals) messages.push(...lines);
  const admitted = admittedOf(push, refusals);
  let unpackError: string | null = null;
  let results: RefResult[] = [];
  if (admitted.length > 0) {
    const say = (line: string) => messages.push(...line.split('\n'));
    const taken = await takePush(
      repository,
      request,
      { ...push, commands: admitted },
      source.rest(),
      say,
    );
    ({ unpackError, results } = taken);
  }
  const refs = resultsOf(commands, refusals, results);
  const answer = gitAnswer(RESULT, report(capabilities, messages, { unpackError, refs }));
  if (!(await endsWithin(readOn(request.limits), source.rest())))
    answer.headers.connection = 'close';
  return answer;
}

/** Refuses invalid ref names, commands that the gate refuses, and refs that have moved since the pusher read them. */
async function collectRefusals(
  repository: Repository,
  gate: PushGate,
  { commands, options }: { commands: Command[]; options: string[] },
): Promise<Refusal[]> {
  if (commands.length > MOST_COMMANDS) {
    const reason = `a push can have at most ${MOST_COMMANDS} refs; push them in parts`;
    return commands.map(({ ref }) => ({ ref, reason }));
  }
  const refusals: Refusal[] = commands.flatMap((command) => {
    const reason = whyNot(command, commands);
    return reason === undefined ? [] : [{ ref: command.ref, reason }];
  });
  const remaining = () => commands.filter(({ ref }) => !refusals.some((one) => one.ref === ref));
  if (remaining().length > 0) refusals.push(...(await gate.admit(remaining(), options)));
  const refs = await repository.refs();
  for (const command of remaining()) {
    const { ref, from, to } = command;
    const now = refs.get(ref)?.oid ?? null;
    if (from !== now) refusals.push({ ref, ...(await gate.refuseMoved(command)) });
    else if (to === null && now === null) refusals.push({ ref, reason: 'no such ref' });
  }
  return refusals;
}

function whyNot(command: Command, commands: Command[]): string | undefined {
  const { ref } = command;
  if (!ref.isWellFormed()) return 'the name is not UTF-8';
  if (!isRefName(ref) || ref.split('/').length < 3) return 'funny refname';
  if (isRegistryRef(ref)) return 'the registry reserves this name';
  return commands.some((other) => other !== command && other.ref === ref)
    ? 'named twice'
    : undefined;
}

function admittedOf(push: { commands: Command[]; atomic: boolean }, refusals: Refusal[]) {
  if (push.atomic && refusals.length > 0) return [];
  const refusedRefs = byRef(refusals);
  return push.commands.filter(({ ref }) => !refusedRefs.has(ref));
}

/** Returns the results in the order of the commands. */
function resultsOf(commands: Command[], refusals: Refusal[], results: RefResult[]): RefResult[] {
  const [refused, taken] = [byRef(refusals), byRef(results)];
  return commands.map(({ ref }) => {
    const reason = refused.get(ref)?.reason;
    if (reason !== undefined) return { ref, ok: false, reason };
    return taken.get(ref) ?? { ref, ok: false, reason: 'atomic push failure' };
  });
}

/** Indexes a list by ref. If a ref occurs several times, its first entry counts. */
const byRef = <T extends { ref: string }>(list: readonly T[]): ReadonlyMap<string, T> =>
  new Map(list.toReversed().map((one) => [one.ref, one]));

function report(
  capabilities: Capabilities,
  messages: string[],
  outcome: { unpackError: string | null; refs: RefResult[] },
): Buffer {
  const status = capabilities.has('report-status') ? writeReport(outcome) : Buffer.alloc(0);
  if (!capabilities.has('side-band-64k')) return status;
  // `visibleLine` escapes control characters: the lines contain texts of users, and git prints them on a terminal.
  const words = messages.map((line) =>
    writeSideBand(Band.progress, Buffer.from(`${visibleLine(line)}\n`)),
  );
  return Buffer.concat([...words, writeSideBand(Band.data, status), writePacket(FLUSH)]);
}
