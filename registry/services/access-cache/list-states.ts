/**
 * Tells whether anything that a computer's list depends on has changed, by counting the changes of stamps
 * (store/stamp-changes.ts). Counts of different labs and computers cost nothing to each other.
 */
import type { AuditNews } from '../../store/audit.ts';
import type { StampName } from '../../store/stamp-changes.ts';

/** More counts than this are forgotten, and every list counts as changed once. */
const MOST = 50_000;

export class ListStates {
  /** Raised by changes that may concern every list. */
  #all = 0;
  readonly #changes = new Map<StampName, number>();

  apply(entries: readonly AuditNews[] | 'everything', stamps: readonly StampName[]): void {
    // Statements about lists are signed with the newest key.
    const concernsAll =
      entries === 'everything' ||
      entries.some(({ subject_type }) => subject_type === 'signing_key');
    if (concernsAll || this.#changes.size > MOST) {
      this.#all += 1;
      this.#changes.clear();
      return;
    }
    for (const name of stamps) this.#changes.set(name, this.#countOf(name) + 1);
  }

  /** A text that stays the same as long as nothing has changed for this computer. */
  of({ id, labId }: { id: number; labId: number }): string {
    const names = ['shared 0', 'timeline 0', `lab ${labId}`, `computer ${id}`];
    return [this.#all, ...names.map((name) => this.#countOf(name))].join(' ');
  }

  #countOf(name: StampName): number {
    return this.#changes.get(name) ?? 0;
  }
}
