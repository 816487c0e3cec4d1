/** Compares the history with what the registry has. */
import type { Found, Thing } from './found.ts';
import type { Entry } from './history.ts';
import { halfDone } from './whole.ts';

/** The violations, one sentence each. */
export function violations(history: readonly Entry[], found: Found): string[] {
  const things = new Map<string, Thing[]>();
  for (const thing of found.things)
    for (const key of thing.keys) things.set(key, [...(things.get(key) ?? []), thing]);
  const removed = new Set(
    history.filter(({ answer }) => answer !== 'refused').flatMap(({ removes = [] }) => removes),
  );
  const taken = new Set(
    history.filter(({ answer }) => answer !== 'refused').flatMap(({ makes }) => makes),
  );
  return [
    ...history.flatMap((entry) => [
      ...presence(entry, things, { taken, removed }),
      ...content(entry, things),
      ...auditing(entry, things, found),
    ]),
    ...unsent(history, found),
    ...disorder(history),
    ...halfDone(found),
  ];
}

const name = ({ what, about, mark, start, answer, detail }: Entry): string =>
  `${what} ${about} ${mark} (#${start}, ${answer} ${detail.replace(/\s+/g, ' ').slice(0, 200)})`;

/** What was acknowledged is there, what was refused is not there, and the rest is there whole or not at all. */
function presence(
  entry: Entry,
  things: Map<string, Thing[]>,
  others: { taken: Set<string>; removed: Set<string> },
): string[] {
  const { makes, removes = [], answer } = entry;
  const made = makes.filter((key) => things.has(key));
  const left = removes.filter((key) => things.has(key));
  if (answer === 'done') {
    const lost = makes.filter((key) => !made.includes(key) && !others.removed.has(key));
    return [
      ...lost.map((key) => `${name(entry)}: ${key} is lost`),
      ...left.map((key) => `${name(entry)}: ${key} is there again`),
    ];
  }
  if (answer === 'refused') {
    // Somebody else may have made the same: two people may merge one merge request.
    const there = made.filter((key) => !others.taken.has(key));
    const gone = removes.filter((key) => !left.includes(key));
    return [
      ...there.map((key) => `${name(entry)}: ${key} is there`),
      ...gone.map((key) => `${name(entry)}: ${key} is gone`),
    ];
  }
  const half = made.length > 0 && made.length < makes.length;
  return half ? [`${name(entry)}: only ${made.join()} of ${makes.join()} is there`] : [];
}

/** The answer named the right version, and the version has the content that was sent. */
function content(
  { makes, version, blob, ...entry }: Entry,
  things: Map<string, Thing[]>,
): string[] {
  // A push of several commits has the mark of the last one, whose version the answer names.
  const key = makes.includes(entry.mark) ? entry.mark : (makes[0] ?? '');
  const own = things.get(key)?.find((thing) => thing.version !== undefined);
  if (own === undefined) return [];
  const label = name({ makes, ...entry });
  return [
    ...(version === undefined || own.version === version
      ? []
      : [`${label}: was told to be v${version}, and is v${own.version}`]),
    ...(blob === undefined || own.blob === blob ? [] : [`${label}: has another content`]),
  ];
}

/** The audit trail tells of every change that is there. */
function auditing(
  { mark, makes, ...entry }: Entry,
  things: Map<string, Thing[]>,
  { trail }: Found,
): string[] {
  const own = makes.filter((key) => mark !== '' && key.includes(mark));
  if (own.length === 0) return [];
  const isThere = own.some((key) => things.has(key));
  const isTold = trail.some(({ after }) => JSON.stringify(after).includes(mark));
  // What was removed later is still in the trail.
  return isTold || !isThere
    ? []
    : [`${name({ mark, makes, ...entry })}: is not in the audit trail`];
}

/** Everything that the registry has was sent by somebody. */
function unsent(history: readonly Entry[], { definitions, things, trail }: Found): string[] {
  const made = new Set(history.flatMap(({ makes }) => makes));
  const names = new Set(history.map(({ about }) => about));
  const marks = new Set(
    history.filter(({ answer }) => answer !== 'refused').map(({ mark }) => mark),
  );
  return [
    ...definitions
      .filter(({ name }) => !names.has(name))
      .map(({ name }) => `nobody created ${name}`),
    ...things
      .filter(
        ({ keys, version }) =>
          version !== undefined && !keys.some((key) => made.has(key) || key.startsWith('landed !')),
      )
      .map(({ keys }) => `nobody sent ${keys.join()}`),
    ...trail
      .filter(
        ({ action, after }) =>
          /^(token|instrument|binding)\.created$/.test(action) &&
          /\bm\d{6}\b/.test(JSON.stringify(after)),
      )
      .filter(({ after }) => !marks.has(/\bm\d{6}\b/.exec(JSON.stringify(after))?.[0] ?? ''))
      .map(
        ({ action, subject }) => `the audit trail tells of ${action} ${subject}, which was refused`,
      ),
  ];
}

/** A change that was sent after the answer to another has the higher version. */
function disorder(history: readonly Entry[]): string[] {
  const found: string[] = [];
  const highest = new Map<string, Entry>();
  const told = history.filter(({ answer, version }) => answer === 'done' && version !== undefined);
  const moments = told.flatMap((entry) => [
    { at: entry.start, entry, isEnd: false },
    { at: entry.end, entry, isEnd: true },
  ]);
  const before = new Map<Entry, Entry | undefined>();
  for (const { entry, isEnd } of moments.sort((a, b) => a.at - b.at)) {
    const known = highest.get(entry.about);
    if (!isEnd) before.set(entry, known);
    else if ((known?.version ?? 0) < (entry.version as number)) highest.set(entry.about, entry);
  }
  for (const [entry, earlier] of before) {
    const least =
      (earlier?.version ?? 0) + (entry.what === 'read' || entry.what.startsWith('judge') ? 0 : 1);
    if ((entry.version as number) < least)
      found.push(
        `${name(entry)}: v${entry.version} follows ${earlier && name(earlier)}: v${earlier?.version}`,
      );
  }
  return found;
}
