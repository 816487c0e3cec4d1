/**
 * Confirms a restored registry. A restored registry is in an earlier state, so lab computers accept it only after its
 * operator has confirmed it.
 */
import type { Store } from '../../store/open.ts';
import { beginTimeline, confirmTimeline, currentTimeline } from '../../store/timelines.ts';
import { auditChange } from '../audit/entries.ts';
import type { Caller } from '../caller.ts';

/**
 * Confirms the timeline that `registry restore` began. If the registry was restored in another way (for example from a
 * copy of its disk), this function begins a new timeline. The numbers of a new timeline are higher than all numbers that
 * computers have seen.
 */
export async function confirmRestore(
  { store }: { store: Store },
  caller: Caller,
  by: string,
): Promise<void> {
  await store.transaction(async (em) => {
    const known = await currentTimeline(em);
    if (!known?.restored_from || known.confirmed_at)
      await beginTimeline(em, known?.restored_from ?? null);
    const timeline = await currentTimeline(em);
    if (!timeline) throw new Error('the timeline that was just begun is not there');
    await confirmTimeline(em, timeline, by);
    const subject = { id: timeline.id, name: timeline.timeline };
    const restored_from = timeline.restored_from?.toISOString() ?? null;
    await auditChange(em, caller, 'timeline.confirmed', 'timeline', subject, null, null, {
      by,
      restored_from,
    });
  });
}
