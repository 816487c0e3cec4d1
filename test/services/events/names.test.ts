/** Each event has the same name in the code that sends it, in the documentation, and in the lab computers' package. */
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { TOLD } from '../../../registry/services/events/kinds.ts';

const root = new URL('../../../', import.meta.url);
const readText = (path: string) => readFile(new URL(path, root), 'utf8');
/** Events after which a sync list may have changed. All other events are for people. */
const OF_LISTS = [
  'binding.changed',
  'computer.changed',
  'definition.changed',
  'definition.landed',
  'instrument.changed',
  'reset',
  'version.deprecated',
  'version.reinstated',
  'version.revoked',
];
const kinds = [...new Set([...Object.values(TOLD).map(({ kind }) => kind), 'reset'])].sort();

t.test('a watching lab computer syncs at every event that may change its list', async (t) => {
  const source = await readText('client/python/src/pybirch_registry/watch.py');
  const [, listed = ''] = /^OF_PEOPLE = \((.*)\)$/m.exec(source) ?? [];
  const passedOver = [...listed.matchAll(/"([^"]+)"/g)].map(([, prefix]) => prefix as string);
  t.ok(passedOver.length > 0, 'the source names the events that it ignores');
  for (const prefix of passedOver) {
    t.ok(
      kinds.some((kind) => kind.startsWith(prefix)),
      `${prefix} is the beginning of a name`,
    );
  }
  const heeded = kinds.filter((kind) => !passedOver.some((prefix) => kind.startsWith(prefix)));
  t.same(heeded, OF_LISTS);
});

t.test('guide and API document list exactly the existing events', async (t) => {
  const guide = (await readText('docs/events.md'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|')[1] as string);
  const route = await readText('registry/routes/events.ts');
  const [, description = ''] = /DESCRIPTION = `((?:\\`|[^`])*)`/.exec(route) ?? [];
  for (const [where, text] of [
    ['guide', guide.map(wholeNames).join()],
    ['API document', description.replaceAll('\\', '')],
  ] as const) {
    const named = [...text.matchAll(/`([a-z_]+\.[a-z]+|reset)`/g)].map(([, name]) => name);
    t.same([...new Set(named)].sort(), kinds, where);
  }
});

/** Completes names: `a.opened`, `.closed` → `a.opened`, `a.closed`. */
function wholeNames(cell: string): string {
  const [, subject] = /`(\w+)\./.exec(cell) ?? [];
  return cell.replaceAll('`.', `\`${subject}.`);
}
