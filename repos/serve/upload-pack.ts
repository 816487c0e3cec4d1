import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { visibleLine } from '../../text/hidden.ts';
import type { GitCaches } from '../git-caches.ts';
import type { GitProgram, Repository } from '../types.ts';
import { parseCommandRequest, writeCommandRequest } from '../wire/command-request.ts';
import { WireError } from '../wire/errors.ts';
import {
  type FetchRequest,
  mapUploadRequest,
  parseFetchArgs,
  parseUploadRequest,
  writeFetchArgs,
} from '../wire/fetch.ts';
import { parseLsRefsArgs } from '../wire/ls-refs.ts';
import { FLUSH, textPacket, writePacket } from '../wire/pkt-line.ts';
import { type ProtocolVersion, requestedVersion } from '../wire/protocol.ts';
import { type Answer, gitAnswer, RequestRefused, refusal } from './answer.ts';
import { type Body, checkContentType, decoded, passOver, readWhole } from './body.ts';
import { generationOf } from './generation.ts';
import { answerLsRefs } from './ls-refs.ts';
import { screened, screenFor, unknownRef } from './negotiation.ts';
import { unreachable } from './reachable.ts';
import { type Visible, type VisibleRefs, visibleRefs } from './visible-refs.ts';

export interface UploadPackRequest extends Body {
  /** The `Git-Protocol` header. */
  gitProtocol: string | undefined;
  visible: Visible;
  /** Identifies `visible` in the keys of caches: callers with the same text see the same refs. */
  visibility: string;
  signal: AbortSignal;
  git: GitProgram;
  caches: GitCaches;
}

/** The most bytes of a request, inflated. Real negotiations can exceed a megabyte, but never this limit. */
const REQUEST_LIMIT = 10 * 1024 * 1024;

/** Git may send every requested object, because the registry has already checked all of them. */
const CONFIG = [
  'uploadpack.allowFilter=true',
  'uploadpack.allowAnySHA1InWant=true',
  // This filter is forbidden, because git would read it from any file of the repository, even from a hidden one.
  'uploadpackfilter.sparse:oid.allow=false',
].flatMap((setting) => ['-c', setting]);

/**
 * Answers `POST git-upload-pack`. Reports errors as an `ERR` packet in a 200 where the protocol allows it, and otherwise
 * with a 4xx status. Rejects if the client has disconnected or git cannot be started.
 */
export async function uploadPack(
  repository: Repository,
  request: UploadPackRequest,
): Promise<Answer> {
  try {
    checkContentType('git-upload-pack', request.contentType);
    const body = await readWhole(decoded(request), REQUEST_LIMIT, request.patience);
    return gitAnswer('git-upload-pack-result', await answer(repository, request, body));
  } catch (error) {
    passOver(request, REQUEST_LIMIT);
    if (error instanceof RequestRefused) return refusal(error);
    if (error instanceof WireError) return refusal(new RequestRefused(400, error.message));
    throw error;
  }
}

async function answer(
  repository: Repository,
  request: UploadPackRequest,
  body: Buffer,
): Promise<Readable | Buffer> {
  if (body.length === 0) throw new RequestRefused(400, 'the request is empty');
  // Clients send a single flush packet before a large or chunked post, to test the connection.
  if (body.equals(Buffer.from(FLUSH))) return Buffer.alloc(0);
  const seen = await visibleRefs(repository, request.visible);
  const version = requestedVersion(request.gitProtocol);
  if (version !== 2) {
    const fetch = parseUploadRequest(body);
    const refused = await whyNot(repository, request, seen, fetch);
    if (refused !== undefined) return refused;
    const screen = await screenFor(repository, seen, fetch, request);
    return runGit(repository, request, seen, mapUploadRequest(body, screen), version);
  }
  const { command, capabilities, args } = parseCommandRequest(body);
  const format = capabilities.find((capability) => capability.startsWith('object-format='));
  if (format !== undefined && format !== 'object-format=sha1')
    throw new WireError(`mismatched object format: server sha1; client ${format.split('=')[1]}`);
  if (command === 'ls-refs') return answerLsRefs(parseLsRefsArgs(args), seen);
  if (command !== 'fetch') throw new WireError(`unknown command '${command.slice(0, 80)}'`);
  const fetch = parseFetchArgs(args);
  const refused = await whyNot(repository, request, seen, fetch);
  if (refused !== undefined) return refused;
  // Writes the request anew from its parsed form, so that git reads exactly the checked arguments.
  const checked = screened(fetch, await screenFor(repository, seen, fetch, request));
  const fetchCommand = {
    command,
    capabilities: ['object-format=sha1'],
    args: writeFetchArgs(checked),
  };
  return runGit(repository, request, seen, writeCommandRequest(fetchCommand), version);
}

/** Returns an `ERR` packet if the fetch asks for objects or refs that the caller may not see. */
async function whyNot(
  repository: Repository,
  request: UploadPackRequest,
  seen: VisibleRefs,
  fetch: FetchRequest,
): Promise<Buffer | undefined> {
  const [want] = await unreachable(repository, seen, fetch.wants, request);
  if (want !== undefined) return errorPacket(`upload-pack: not our ref ${want}`);
  const excluded = unknownRef(seen, fetch);
  return excluded === undefined
    ? undefined
    : errorPacket(`upload-pack: deepen-not is not a ref: ${excluded}`);
}

function errorPacket(message: string): Buffer {
  return writePacket(textPacket(`ERR ${visibleLine(message)}`));
}

function runGit(
  repository: Repository,
  { git, caches, signal, visibility }: UploadPackRequest,
  seen: VisibleRefs,
  input: Buffer,
  version: ProtocolVersion,
): Promise<Readable | Buffer> {
  const question = createHash('sha256').update(input).digest('base64');
  const key = `${generationOf(seen.all)} ${version} ${question} ${visibility}`;
  const start = () => {
    const child = git.spawn({
      args: [...CONFIG, 'upload-pack', '--stateless-rpc', '--strict', repository.path],
      cwd: repository.path,
      env: { GIT_PROTOCOL: `version=${version}` },
    });
    child.stdin.end(input);
    return child;
  };
  return caches.answers.find(key, start, signal);
}
