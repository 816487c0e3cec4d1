/** The part of a push that has effects: quarantine, checks, the gate. */
import { RepositoryError } from '../errors.ts';
import type { ObjectStore } from '../object-store.ts';
import { adoptQuarantine, quarantineReader } from '../quarantine.ts';
import type { GitProgram, Repository } from '../types.ts';
import type { RefResult } from '../wire/report.ts';
import { checkConnectivity } from './connectivity.ts';
import type { Push, PushGate } from './gate.ts';
import { inspect } from './inspect.ts';
import { plainlyConnected } from './plainly-connected.ts';
import { looseObjects, packedObjects } from './pushed-objects.ts';
import { openQuarantine, type Quarantine, removeQuarantine } from './quarantine.ts';
import { type PackLimits, type Rejection, unpack } from './unpack.ts';

export interface Taking {
  gate: PushGate;
  limits: PackLimits;
  git: GitProgram;
  signal: AbortSignal;
}

export interface Taken {
  /** Null unless the pack could not be read. */
  unpackError: string | null;
  results: RefResult[];
}

type Asked = Pick<Push, 'commands' | 'options' | 'atomic'>;

/** Takes the pack in, checks it and lets the gate decide; whatever the gate does not keep is removed. */
export async function takePush(
  repository: Repository,
  { gate, limits, git, signal }: Taking,
  asked: Asked,
  pack: AsyncIterable<Buffer>,
  say: (line: string) => void,
): Promise<Taken> {
  const quarantine = await openQuarantine(repository.path);
  const pushed = quarantineReader(git, repository, quarantine.path);
  const refuseAll = (rejection: Pick<Rejection, 'help'>, because: string): RefResult[] => {
    rejection.help.forEach(say);
    return asked.commands.map(({ ref }) => ({ ref, ok: false, reason: because }));
  };
  try {
    if (asked.commands.some(({ to }) => to !== null)) {
      const broken = await unpack(git, quarantine, pack, limits, signal);
      if (broken !== undefined)
        return { unpackError: broken.reason, results: refuseAll(broken, 'unpacker error') };
      const unfit = await unfitness(repository, { git, limits, signal }, quarantine, pushed, asked);
      if (unfit !== undefined)
        return { unpackError: null, results: refuseAll(unfit, unfit.reason) };
    }
    // From here on the client's leaving changes nothing: the gate finishes what it begins.
    signal.throwIfAborted();
    const push = pushOf(repository, { quarantine, pushed }, asked, say);
    return { unpackError: null, results: await gate.receive(push) };
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error;
    if (error.code === 'too_large')
      return { unpackError: null, results: refuseAll({ help: [error.message] }, 'too large') };
    if (error.code !== 'ref_conflict') throw error;
    const results: RefResult[] = [];
    for (const command of asked.commands) {
      const { reason, lines = [] } = await gate.overtaken(command);
      lines.forEach(say);
      results.push({ ref: command.ref, ok: false, reason });
    }
    return { unpackError: null, results };
  } finally {
    pushed.forget();
    await removeQuarantine(quarantine);
  }
}

/** A small push is looked at in this process, a large one by git. */
async function unfitness(
  repository: Repository,
  { git, limits, signal }: Pick<Taking, 'git' | 'limits' | 'signal'>,
  quarantine: Quarantine,
  pushed: ObjectStore,
  { commands }: Asked,
): Promise<Rejection | undefined> {
  const loose = await looseObjects(quarantine, pushed);
  const unfit = await inspect(loose ?? packedObjects(git, quarantine, signal), limits);
  if (unfit !== undefined) return unfit;
  const tips = commands.flatMap(({ to }) => to ?? []);
  const plain = loose && (await plainlyConnected(pushed, await repository.refs(), loose.ids, tips));
  return plain ? undefined : await checkConnectivity(git, quarantine, commands, signal);
}

function pushOf(
  repository: Repository,
  { quarantine, pushed }: { quarantine: Quarantine; pushed: ObjectStore },
  asked: Asked,
  say: (line: string) => void,
): Push {
  let kept = false;
  const objects = () => (kept ? repository : pushed);
  return {
    ...asked,
    say,
    get objects() {
      return objects();
    },
    async keep() {
      if (!kept) await adoptQuarantine(repository, quarantine.path);
      kept = true;
    },
  };
}
