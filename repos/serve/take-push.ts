/** The part of a push that has effects: quarantine, checks, the gate. */
import { RepositoryError } from '../errors.ts';
import { adoptQuarantine, quarantineReader } from '../quarantine.ts';
import type { Commit, GitProgram, ObjectReader, Oid, Repository } from '../types.ts';
import type { RefResult } from '../wire/report.ts';
import { checkConnectivity } from './connectivity.ts';
import type { Push, PushGate } from './gate.ts';
import { indexPack, type PackLimits, type Rejection } from './index-pack.ts';
import { inspect } from './inspect.ts';
import { openQuarantine, type Quarantine, removeQuarantine } from './quarantine.ts';

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
      const broken = await indexPack(git, quarantine, pack, limits, signal);
      if (broken !== undefined)
        return { unpackError: broken.reason, results: refuseAll(broken, 'unpacker error') };
      const unfit =
        (await inspect(git, quarantine, limits, signal)) ??
        (await checkConnectivity(git, quarantine, asked.commands, signal));
      if (unfit !== undefined)
        return { unpackError: null, results: refuseAll(unfit, unfit.reason) };
    }
    // From here on the client's leaving changes nothing: the gate finishes what it begins.
    signal.throwIfAborted();
    const push = pushOf(repository, { git, quarantine, pushed }, asked, say);
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

function pushOf(
  repository: Repository,
  {
    git,
    quarantine,
    pushed,
  }: { git: GitProgram; quarantine: Quarantine; pushed: ReturnType<typeof quarantineReader> },
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
    async commits(from, to) {
      const args = [
        'rev-list',
        '--reverse',
        '--topo-order',
        to,
        ...(from === null ? [] : [`^${from}`]),
      ];
      const env = kept ? {} : quarantine.env;
      const { stdout } = await git.run({ args, cwd: repository.path, env });
      const ids = stdout
        .toString()
        .split('\n')
        .filter((oid) => oid !== '');
      return readAll(objects(), ids);
    },
    async keep() {
      if (!kept) await adoptQuarantine(repository, quarantine.path);
      kept = true;
    },
  };
}

async function readAll(objects: ObjectReader, ids: Oid[]): Promise<Commit[]> {
  const commits: Commit[] = [];
  for (const oid of ids) commits.push(await objects.readCommit(oid));
  return commits;
}
