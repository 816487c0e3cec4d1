/**
 * The short form of `npm run kill` for reviews. After a kill, each interrupted action is either complete or had no
 * effect.
 */
import t from 'tap';
import { killAmidReviews } from './kill/kills.ts';

t.setTimeout(300_000);
t.test('kill -9 during pushes for review, merges and closings leaves no action half done', (t) =>
  killAmidReviews(t, { kills: 2, seed: Date.now() % 1e6 }),
);
