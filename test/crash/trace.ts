/** Reads the output of strace(1), and checks that everything is durable before an answer is sent. */
import { basename, dirname, join } from 'node:path';

export interface Call {
  name: string;
  /** The arguments as strace shows them: with `-y`, each descriptor has its path. */
  text: string;
  /** The lines in which the call began and ended. */
  begun: number;
  ended: number;
}

/** The calls that succeeded, in the order in which they ended. */
export function callsIn(trace: string): Call[] {
  const running = new Map<string, { begun: number; text: string }>();
  const calls: Call[] = [];
  for (const [line, escaped] of trace.split('\n').entries()) {
    const whole = decodeEscapes(escaped);
    const [, pid = '', text = ''] = /^(\d+) +(.*)$/.exec(whole) ?? [];
    if (text.endsWith('<unfinished ...>')) {
      running.set(pid, { begun: line, text: text.slice(0, -'<unfinished ...>'.length) });
      continue;
    }
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? [];
    const before = rest === undefined ? { begun: line, text: '' } : running.get(pid);
    // strace was attached during this call.
    if (before === undefined) continue;
    const [, name = '', shown = ''] =
      /^(\w+)\((.*)\) += \d+/.exec(before.text + (rest ?? text)) ?? [];
    if (name !== '') calls.push({ name, text: shown, begun: before.begun, ended: line });
  }
  return calls;
}

/** strace shows the bytes of letters other than ASCII as octal numbers: `\303\274` is `ü`. */
const decodeEscapes = (text: string): string =>
  text.replace(/(?:\\[2-3][0-7]{2})+/g, (run) =>
    Buffer.from(
      run
        .slice(1)
        .split('\\')
        .map((byte) => Number.parseInt(byte, 8)),
    ).toString(),
  );

/** Where the file or folder of an fsync is, or undefined. */
const synced = ({ name, text }: Call): string | undefined =>
  name === 'fsync' || name === 'fdatasync' ? /^\d+<([^>]*)>/.exec(text)?.[1] : undefined;

const renamed = ({ name, text }: Call): { from: string; to: string } | undefined => {
  const [, from, to] = (name.startsWith('rename') && /"([^"]*)".*"([^"]*)"/.exec(text)) || [];
  return from !== undefined && to !== undefined ? { from, to } : undefined;
};

/**
 * Checks each landing in a repository: objects, their folders, the journal entry and the new refs are durable before the
 * refs move, and the move is durable before the answer. Returns how many objects and landings were seen, and the
 * violations, one sentence each.
 */
export function unsynced(
  calls: readonly Call[],
  { repository, journal, answer }: { repository: string; journal: string; answer: RegExp },
) {
  const objects = join(repository, 'objects');
  const answers = calls.filter(({ name, text }) => /^(write|send)/.test(name) && answer.test(text));
  const found: string[] = [];
  const isSynced = (path: string, after: number, before: number) =>
    calls.some((call) => synced(call) === path && call.begun > after && call.ended < before);
  let [landings, moved, since] = [0, 0, -1];
  for (const call of calls) {
    const { from, to } = renamed(call) ?? {};
    if (from === undefined || to !== join(repository, 'packed-refs')) continue;
    landings += 1;
    const need = (what: string, path: string, after: number, before: number) => {
      if (!isSynced(path, after, before))
        found.push(`landing ${landings}: ${what} is not durable in time`);
    };
    need('the new refs', from, since, call.begun);
    need('the journal entry', journal, since, call.begun);
    for (const put of calls.filter(({ begun, ended }) => begun > since && ended < call.begun)) {
      const object = renamed(put);
      if (!object?.to.startsWith(objects)) continue;
      moved += 1;
      need(`the file ${basename(object.to)}`, object.from, since, put.begun);
      need(`the name ${basename(object.to)}`, dirname(object.to), put.ended, call.begun);
      need(`the folder of ${basename(object.to)}`, objects, since, call.begun);
    }
    const next = answers.find(({ begun }) => begun > call.ended);
    if (next === undefined) found.push(`landing ${landings}: has no answer`);
    else need('the move of the refs', repository, call.ended, next.begun);
    since = call.ended;
  }
  return { landings, objects: moved, found };
}
