import t from 'tap';
import { Coalesced } from '../../registry/store/coalesced.ts';

/** Work that runs until the test releases each run. */
function steps() {
  const releases: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const work = new Coalesced(async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => releases.push(resolve));
    running -= 1;
  });
  const release = async () => {
    releases.at(-1)?.();
    await new Promise(setImmediate);
  };
  return { work, release, runs: () => releases.length, most: () => most };
}

t.test('calls during a run share one more run, and nothing runs twice at once', async (t) => {
  const { work, release, runs, most } = steps();
  const all = [work.run(), work.run(), work.run()];
  t.equal(runs(), 1);
  await release();
  t.equal(runs(), 2, 'calls during the first run share the second');
  await release();
  await Promise.all([...all, work.settled()]);
  t.same([runs(), most()], [2, 1]);
});

t.test('a call at the moment when a run ends is not lost', async (t) => {
  let runs = 0;
  const work = new Coalesced(async () => {
    runs += 1;
  });
  await work.run();
  await Promise.all([work.run().then(() => work.run()), work.settled().then(() => work.run())]);
  t.ok(runs >= 3, `${runs} runs`);
  const before = runs;
  // Each pass of this loop makes the call in a later microtask around the end of a run.
  for (let delay = 0; delay < 20; delay++) {
    const first = work.run();
    for (let step = 0; step < delay; step++) await undefined;
    const seen = runs;
    await work.run();
    t.ok(runs > seen, `asked after ${delay} microtasks`);
    await first;
  }
  t.ok(runs > before);
});
