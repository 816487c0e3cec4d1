/** Processes a push after its commands were read: reads its pack, checks the objects and asks the gate. */
import { RepositoryError } from '../errors.ts';
import type { GitCaches } from '../git-caches.ts';
import type { GitProgram, Oid, Repository } from '../types.ts';
import type { RefResult } from '../wire/report.ts';
import { checkConnectivity } from './connectivity.ts';
import type { Push, PushGate } from './gate.ts';
import { inspect } from './inspect.ts';
import { type Received, receivedByGit, receivedInMemory } from './received.ts';
import { type PackLimits, type Rejection, readPack } from './unpack.ts';
import { type Visible, visibleRefs } from './visible-refs.ts';

export interface Taking {
  gate: PushGate;
  /** Tells which refs the pusher may see. */
  visible: Visible;
  /** Identifies `visible` in the keys of caches: callers with the same text see the same refs. */
  visibility: string;
  limits: PackLimits;
  git: GitProgram;
  caches: GitCaches;
  signal: AbortSignal;
}

export interface Taken {
  /** Why the pack could not be read; null if it could. */
  unpackError: string | null;
  results: RefResult[];
}

type Asked = Pick<Push, 'commands' | 'options' | 'atomic'> & { shallow: readonly Oid[] };

/** Unpacks and checks the pack, and lets the gate decide. Removes what the gate does not keep. */
export async function takePush(
  repository: Repository,
  taking: Taking,
  asked: Asked,
  pack: AsyncIterable<Buffer>,
  say: (line: string) => void,
): Promise<Taken> {
  const { gate, limits, signal } = taking;
  const refuseAll = (rejection: Pick<Rejection, 'help'>, because: string): RefResult[] => {
    rejection.help.forEach(say);
    return asked.commands.map(({ ref }) => ({ ref, ok: false, reason: because }));
  };
  const unpackFailed = (broken: Rejection): Taken => ({
    unpackError: broken.reason,
    results: refuseAll(broken, 'unpacker error'),
  });
  const hasPack = asked.commands.some(({ to }) => to !== null);
  const incoming = hasPack ? await readPack(pack, limits) : { objects: new Map() };
  if ('broken' in incoming) return unpackFailed(incoming.broken);
  const received =
    'objects' in incoming
      ? receivedInMemory(repository, incoming.objects, taking)
      : await receivedByGit(repository, incoming.pack, taking);
  try {
    const { broken } = received;
    const unfit =
      broken === undefined && hasPack
        ? await unfitness(repository, taking, received, asked)
        : undefined;
    received.verify();
    if (broken !== undefined) return unpackFailed(broken);
    if (unfit !== undefined) return { unpackError: null, results: refuseAll(unfit, unfit.reason) };
    // This is the last check whether the client has disconnected, because the gate always finishes its work.
    signal.throwIfAborted();
    const push = pushOf(repository, received, asked, say);
    return { unpackError: null, results: await gate.receive(push) };
  } catch (error) {
    received.verify();
    if (!(error instanceof RepositoryError)) throw error;
    if (error.code === 'too_large')
      return { unpackError: null, results: refuseAll({ help: [error.message] }, 'too large') };
    if (error.code !== 'ref_conflict') throw error;
    const results: RefResult[] = [];
    for (const command of asked.commands) {
      const { reason, lines = [] } = await gate.refuseMoved(command);
      lines.forEach(say);
      results.push({ ref: command.ref, ok: false, reason });
    }
    return { unpackError: null, results };
  } finally {
    await received.remove();
  }
}

/** Returns why the pushed objects are refused, or undefined. */
async function unfitness(
  repository: Repository,
  { git, caches, limits, visible, visibility }: Taking,
  { reader, pushed }: Received,
  { commands, shallow }: Asked,
): Promise<Rejection | undefined> {
  const inspection = await inspect(await pushed(), limits);
  if (inspection.unfit !== undefined) return inspection.unfit;
  const seen = await visibleRefs(repository, visible);
  const viewer = { git, caches, visibility };
  const broken = await checkConnectivity(repository, seen, reader, inspection, commands, viewer);
  if (broken === undefined || shallow.length === 0) return broken;
  const help = [
    ...broken.help,
    'Your clone is shallow: it lacks objects that the push needs. Fetch these objects:',
  ];
  return { reason: 'shallow update not allowed', help: [...help, '  git fetch --unshallow'] };
}

function pushOf(
  repository: Repository,
  { reader, keep }: Received,
  asked: Asked,
  say: (line: string) => void,
): Push {
  let kept = false;
  const objects = () => (kept ? repository : reader);
  return {
    ...asked,
    say,
    get objects() {
      return objects();
    },
    async keep() {
      if (!kept) await keep();
      kept = true;
    },
  };
}
