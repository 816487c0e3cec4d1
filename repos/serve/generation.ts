import type { Refs } from '../types.ts';

const generations = new WeakMap<Refs, number>();
let last = 0;

/** Returns a number that identifies one state of one repository's refs, unique within this process. */
export function generationOf(refs: Refs): number {
  let generation = generations.get(refs);
  if (generation === undefined) {
    last += 1;
    generation = last;
    generations.set(refs, generation);
  }
  return generation;
}
