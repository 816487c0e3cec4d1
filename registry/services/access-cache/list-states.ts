/**
 * Shows whether anything has changed that a computer's list depends on. For this, it counts the changes of each stamp
 * (store/stamp-changes.ts). A change in one lab does not affect the lists of other labs.
 */
import type { AuditNews } from '../../store/audit.ts';
import type { StampName } from '../../store/stamp-changes.ts';

/** The most counts that are kept. Beyond this number all counts are dropped, and every list counts as changed once. */
const MOST = 50_000;

export class ListStates {
  /** Counts the changes that may affect every list. */
  #all = 0;
  readonly #changes = new Map<StampName, number>();

  apply(entries: readonly AuditNews[] | 'everything', stamps: readonly StampName[]): void {
    // A new signing key affects every list, because the newest key signs the statements about lists.
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

  /** A text that changes when the computer's list may have changed. */
  of({ id, labId }: { id: number; labId: number }): string {
    const names = ['shared 0', 'timeline 0', `lab ${labId}`, `computer ${id}`];
    return [this.#all, ...names.map((name) => this.#countOf(name))].join(' ');
  }

  #countOf(name: StampName): number {
    return this.#changes.get(name) ?? 0;
  }
}
