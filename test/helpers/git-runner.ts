/** Runs git for the test process that forked this process, and ends with it; see `startGitRunner`. */
import { type GitOptions, gitResult } from './git.ts';

export interface Order {
  id: number;
  args: string[];
  options: GitOptions;
}

process.on('message', async ({ id, args, options }: Order) => {
  const result = await gitResult(args, options).catch((error: Error) => ({ error: error.message }));
  if (process.connected) process.send?.({ id, ...result });
});
process.on('disconnect', () => process.exit());
