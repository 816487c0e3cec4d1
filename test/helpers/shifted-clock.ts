/**
 * A clock that jumps, for a process that preloads this module (`node --import`). `Date` is wrong by as many milliseconds as
 * the file says whose path is in the module's own URL, in every thread. The steady clock (`performance.now`), the times of
 * files and the clock of a database server stay: so it is when somebody sets the clock of the registry's machine. The
 * embedded database has the clock of its process.
 */
import { openSync, readSync } from 'node:fs';

/** The number has this many characters, so that a read gets the whole number. */
export const DIGITS = 12;

export const shiftText = (milliseconds: number): string => String(milliseconds).padStart(DIGITS);

const path = new URL(import.meta.url).searchParams.get('file');
if (path !== null) shiftBy(path);

function shiftBy(path: string): void {
  const file = openSync(path, 'r');
  const text = Buffer.alloc(DIGITS);
  const Real = Date;
  const now = (): number => {
    readSync(file, text, 0, DIGITS, 0);
    return Real.now() + Number(text.toString());
  };
  globalThis.Date = new Proxy(Real, {
    apply: () => new Real(now()).toString(),
    construct: (target, args, made) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, made),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
}
