/**
 * Measures a push of one commit to `main`, compared with `git http-backend`, which checks objects and runs an empty
 * hook.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { idleLoop, longestStall } from '../../test/helpers/loop.ts';
import { durableGit } from '../git.ts';
import { type Figure, inTurn } from '../pairs.ts';
import { compare } from '../statistics.ts';
import { startRecorder } from './record.ts';

/** A server that accepts pushes to the repository at `path`. */
export interface Target {
  url: string;
  path: string;
  authorization: string;
}

/** Configures `git http-backend` to accept pushes as the registry does: it fsyncs, and checks the objects. */
export async function takePushes(repository: string): Promise<void> {
  const settings = {
    'http.receivepack': 'true',
    'receive.fsckObjects': 'true',
    'core.fsync': 'all',
    'gc.auto': '0',
  };
  for (const [key, value] of Object.entries(settings)) {
    await durableGit(repository, 'config', key, value);
  }
  const hook = join(repository, 'hooks', 'pre-receive');
  await writeFile(hook, '#!/bin/sh\nexit 0\n');
  await chmod(hook, 0o755);
}

/** Each push changes `file` to the content that `text` returns. */
export async function measurePush(
  stack: AsyncDisposableStack,
  folder: string,
  database: string,
  rounds: number,
  { ours, peer, floor }: { ours: Target; peer: Target; floor: string },
  { file, text }: { file: string; text: (revision: number) => string },
): Promise<Figure[]> {
  /**
   * Returns a function that pushes and measures the server's time only, because git's own time is the same for both.
   */
  const pusher = async (name: string, { url, path, authorization }: Target) => {
    const recorder = await startRecorder(url);
    stack.defer(() => recorder.close());
    const tree = join(folder, name);
    const login = ['-c', `http.extraHeader=Authorization: ${authorization}`];
    await durableGit(folder, ...login, 'clone', '--quiet', `${recorder.url}${path}`, tree);
    return async (round: number) => {
      await writeFile(join(tree, file), text(PUSHED + round));
      await durableGit(tree, 'commit', '--quiet', '-a', '-m', `Change ${round}`);
      recorder.taken();
      await durableGit(tree, ...login, 'push', '--quiet', 'origin', 'main');
      return recorder.taken().reduce((sum, { time }) => sum + time, 0);
    };
  };
  const push = await pusher('pushed', ours);
  const pushToPeer = await pusher('pushed-to-peer', peer);
  await longestStall(ours.url);
  const idle = await idleLoop();
  const compared = await inTurn(rounds, push, pushToPeer);
  const stall = { ours: await longestStall(ours.url), floor: await idle() };
  return [
    { name: `push of one commit (${database})`, floor, unit: 'ms', goal: 1, ...compared },
    {
      name: `longest stall during pushes (${database})`,
      floor: 'an idle Node beside it',
      unit: 'ms',
      goal: 2,
      ...compare([stall]),
    },
  ];
}

/** The first revision to push. No version has this revision yet. */
const PUSHED = 1_000_000;
