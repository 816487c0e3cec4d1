/**
 * Compares the recordings of two versions: which commands a new version sends to the instrument, and which it sends no
 * longer. Recordings are files, so nothing runs.
 */
import { isRecording, readRecording, type Step } from './recordings.ts';
import type { Files } from './types.ts';

/** A difference in what is sent to the instrument. */
export interface TrafficChange {
  /** The difference in words, such as "this version no longer sends `*CLS` at connect". */
  message: string;
  /** The recordings that show the difference. */
  files: string[];
}

/** The most differences that are reported. */
const MOST = 100;
/** The most characters of a command in a message. */
const LONGEST = 80;

/**
 * The differences between the recordings that both versions have, by path. A recording that one of the versions lacks, or
 * that cannot be read, shows nothing.
 */
export function compareTraffic(before: Files | null, after: Files): TrafficChange[] {
  const found = new Map<string, string[]>();
  for (const [path, bytes] of after) {
    const old = before?.get(path);
    if (!old || !isRecording(path) || isEqual(old, bytes)) continue;
    for (const message of differences(sentIn(old), sentIn(bytes)))
      found.set(message, [...(found.get(message) ?? []), path]);
  }
  return [...found].slice(0, MOST).map(([message, files]) => ({ message, files }));
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/**
 * The commands of all steps with the same label, in order, by label. Each command is whole, as JSON, because long ones
 * may differ only at their ends.
 */
type Sent = ReadonlyMap<string, readonly string[]>;

function sentIn(bytes: Uint8Array): Sent | null {
  const { recording, errors } = readRecording(bytes, undefined);
  if (errors.length > 0) return null;
  const sent = new Map<string, string[]>();
  for (const { label, io } of recording.steps) {
    const all = sent.get(label) ?? [];
    sent.set(label, all);
    for (const entry of io) if (entry[0] === 'w') all.push(JSON.stringify(entry[1]));
  }
  return sent;
}

/** A command in a message, cut if it is long. */
function shown(command: string): string {
  const value = JSON.parse(command) as string | { base64: string };
  if (typeof value === 'string') return `\`${cut(value)}\``;
  return `${Buffer.from(value.base64, 'base64').length} bytes (${cut(value.base64)})`;
}

const cut = (text: string): string =>
  text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;

function differences(before: Sent | null, after: Sent | null): string[] {
  if (!before || !after) return [];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((label) => {
    const [old, now] = [before.get(label), after.get(label)];
    // A step that only one of the recordings has says nothing about the commands.
    if (!old || !now) return [];
    const where = placeOf(label);
    const gone = without(old, now).map(
      (one) => `this version no longer sends ${shown(one)} ${where}`,
    );
    const added = without(now, old).map(
      (one) => `this version sends ${shown(one)} ${where}, which is new`,
    );
    const isMoved = gone.length + added.length === 0 && old.join('\n') !== now.join('\n');
    const moved = isMoved ? [`this version sends the same commands in another order ${where}`] : [];
    return [...gone, ...added, ...moved];
  });
}

/** The texts of `all` that `others` has less often, each once. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const one of others) left.set(one, (left.get(one) ?? 0) + 1);
  const missing = all.filter((one) => {
    const count = left.get(one) ?? 0;
    left.set(one, count - 1);
    return count <= 0;
  });
  return [...new Set(missing)];
}

/** Where a step happens, in words. */
function placeOf(label: Step['label']): string {
  if (label.startsWith('call ')) return `in ${label.slice(5)}`;
  return label.startsWith('set ') ? `when ${label.slice(4)} is set` : 'at connect';
}
