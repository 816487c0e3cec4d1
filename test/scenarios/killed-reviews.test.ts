/**
 * The short form of `npm run kill` for review: whatever a kill interrupted is complete afterwards, or absent.
 */
import t from 'tap';
import { killAmidReviews } from './kill/kills.ts';

t.setTimeout(300_000);
t.test('kill -9 during pushes for review, merges and closings leaves nothing half done', (t) =>
  killAmidReviews(t, { kills: 2, seed: Date.now() % 1e6 }),
);
