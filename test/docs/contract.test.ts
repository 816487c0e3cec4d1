/**
 * docs/contract.md lists exactly the operations, settings, commands and events of the product. The contract has every
 * section that comments cite.
 */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import t from 'tap';
import { program } from '../../registry/cli/program.ts';
import { SETTINGS } from '../../registry/config.ts';
import { startRegistry } from '../helpers/registry.ts';
import { operationsOf } from '../scenarios/openapi.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFile(join(ROOT, path), 'utf8');
const contract = await read('docs/contract.md');

/** The terms in backticks in the contract. */
const code = [...contract.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text as string);

/** Routes that exist but are not in the OpenAPI document. */
const UNDESCRIBED = ['GET /metrics', 'GET /openapi.json', 'GET /docs'];

t.test(
  'every operation of the OpenAPI document is in the contract, and every one there is served',
  async (t) => {
    const { url } = await startRegistry(t);
    const operations = await operationsOf(url);
    const described = operations.map(
      ({ method, path }) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
    );
    const named = code.filter((text) => /^(GET|POST|PUT|PATCH|DELETE) \//.test(text));
    t.same([...new Set(named)].sort(), [...described, ...UNDESCRIBED].sort());
    for (const one of UNDESCRIBED) {
      const answer = await fetch(url + one.replace('GET ', ''));
      await answer.arrayBuffer();
      t.equal(answer.status, 200, one);
    }
  },
);

t.test('the contract names every setting, and no other', async (t) => {
  const rows = contract.split('\n').filter((line) => /^\| `[A-Z_]+`/.test(line));
  const named = rows.flatMap((row) =>
    [...(row.split('|')[1] as string).matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
  );
  t.same(named.sort(), SETTINGS.map(({ name }) => name).sort());
});

t.test('the contract names every command of the registry, and no other', async (t) => {
  const named = code.flatMap((text) => /^registry ([a-z-]+(?: [a-z]+)?)$/.exec(text)?.[1] ?? []);
  const commands = leaves(program(() => async () => {}));
  t.same([...new Set(named)].sort(), commands.sort());
});

t.test('the contract names every command of lab computers', async (t) => {
  const source = await read('client/python/src/pybirch_registry/cli/program.py');
  const commands = [...source.matchAll(/\bcommand\(\s*"([a-z-]+)"/g)].map(([, name]) => name);
  t.ok(commands.length > 10);
  const [paragraph = ''] = /^The command `pybirch-registry`.*?\n\n/ms.exec(contract) ?? [];
  const named = [...paragraph.matchAll(/`([a-z][a-z-]*)(?: [^`]*)?`/g)].map(([, name]) => name);
  t.same(
    named.filter((name) => name !== 'pybirch-registry' && name !== 'registry').sort(),
    commands.sort(),
  );
});

t.test('the contract names every event', async (t) => {
  const schemas = await read('registry/schemas/events.ts');
  const [, kinds = ''] = /export interface EventData \{(.*?)\n\}/s.exec(schemas) ?? [];
  const events = [...kinds.matchAll(/^ {2}'?([a-z_.]+)'?:/gm)].map(([, name]) => name as string);
  t.ok(events.length > 10);
  for (const event of events) t.ok(code.includes(event), event);
});

t.test('comments cite sections that the contract has', async (t) => {
  const sections = new Set(
    [...contract.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map(([, number]) => number as string),
  );
  const files = globSync('{registry,repos,text,client,web-components,test}/**/*.{ts,py}', {
    cwd: ROOT,
    exclude: ['**/node_modules/**', '**/dist/**', 'test/docs/contract.test.ts'],
  });
  const cited: { file: string; number: string }[] = [];
  for (const file of files) {
    const source = await read(file);
    if (/contract section|section \d+ of the contract/i.test(source))
      t.fail(`${file} names no file`);
    for (const [, list = ''] of source.matchAll(/docs\/contract\.md, sections? ([\d., and]*\d)/g)) {
      for (const number of list.split(/, | and /)) {
        cited.push({ file, number });
      }
    }
  }
  t.ok(cited.length > 15);
  t.same(
    cited.filter(({ number }) => !sections.has(number)),
    [],
  );
});

t.test('links inside the contract lead to headings of it', async (t) => {
  const anchors = [...contract.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = [...contract.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor as string);
  t.ok(links.length > 0);
  for (const link of links) t.ok(anchors.includes(link), link);
});

/** The names of commands without subcommands, each prefixed with its parents. */
const leaves = (command: Command, before = ''): string[] =>
  command.commands.flatMap((one) => {
    const name = `${before}${one.name()}`;
    // `registry backup` is a command, and so is `registry backup verify`.
    const isCommand = one.commands.length === 0 || one.registeredArguments.length > 0;
    return [...(isCommand ? [name] : []), ...leaves(one, `${name} `)];
  });
