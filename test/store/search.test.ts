// cspell:disable: names of manufacturers and models, some of them misspelt
import t from 'tap';
import {
  type DefinitionQuery,
  everything,
  listDefinitions,
} from '../../registry/store/definitions.ts';
import { countFacets } from '../../registry/store/facets.ts';
import { createLab } from '../../registry/store/labs.ts';
import type { Store } from '../../registry/store/open.ts';
import { onEachDatabase } from '../helpers/databases.ts';
import { catalogue } from './catalogue.ts';
import { definitionFields, insert } from './definition-fields.ts';

const list = (store: Store, q: string, query: Partial<DefinitionQuery> = {}) =>
  listDefinitions(store.em(), {
    viewer: everything,
    page: 1,
    perPage: 50,
    ...query,
    filters: { ...query.filters, q },
  });

const names = async (store: Store, q: string, query: Partial<DefinitionQuery> = {}) =>
  (await list(store, q, query)).items.map(({ name }) => name);

/** What people type, and the name that must be among the first three results. */
const QUERIES: [typed: string, expected: string][] = [
  ['SR830', 'SR830'],
  ['SR 830', 'SR830'],
  ['sr-830', 'SR830'],
  ['830', 'SR830'],
  ['830 lock-in', 'SR830'],
  ['lock in', 'SR830|SR860|SR810|SR844|SR865A|MFLI|HF2LI|UHFLI|SignalRecovery7270|SimulatedLockIn'],
  ['lockin', 'SR830|SR860|SR810|SR844|SR865A|MFLI|HF2LI|UHFLI|SignalRecovery7270|SimulatedLockIn'],
  ['lock-in zurich', 'MFLI|HF2LI|UHFLI'],
  ['zurich lockin', 'MFLI|HF2LI|UHFLI'],
  ['zi', 'MFLI|HF2LI|UHFLI'],
  ['2400 keithley', 'Keithley2400'],
  ['keithley2400', 'Keithley2400'],
  ['Keithley 2400', 'Keithley2400'],
  ['kiethley 2400', 'Keithley2400'],
  [
    'keithly',
    'Keithley2000|Keithley2001|Keithley2002|Keithley2100|Keithley2110|Keithley2182A|Keithley2400|DMM6500',
  ],
  ['nanovolt meter', 'Keithley2182A'],
  ['nano voltmeter', 'Keithley2182A'],
  ['nanovoltmeter', 'Keithley2182A'],
  ['nanovoltmetre', 'Keithley2182A'],
  ['source meter 2450', 'Keithley2450'],
  ['sourcemeter 2636', 'Keithley2636B'],
  ['hp 34401', 'HP34401A'],
  ['34401', 'HP34401A'],
  ['HP34401A', 'HP34401A'],
  ['hewlett packard multimeter', 'HP34401A'],
  ['keysight 34401a', 'HP34401A'],
  ['agilent 34461', 'Keysight34461A'],
  ['srs dg645', 'StanfordDG645'],
  ['delay generator', 'StanfordDG645'],
  ['R&S SMW200A', 'SMW200A'],
  ['rohde schwarz fsv', 'FSV40'],
  ['rhode & schwarz', 'SMW200A|SMBV100B|SGS100A|FSV40|FSW26|FPL1003|ZNB20|ZVA40'],
  ['lakeshore 336', 'LakeShore336'],
  ['lake shore 335', 'LakeShore335|LakeShore335Loop'],
  ['lakeshore335', 'LakeShore335'],
  [
    'temprature controller',
    'LakeShore325|LakeShore335|LakeShore335Loop|LakeShore336|LakeShore340|MercuryiTC|ITC503',
  ],
  ['tek scope', 'TDS2024|DPO4104|MSO54|TBS1052|MDO3024'],
  ['osciloscope rigol', 'RigolDS1054Z|DS1104Z|MSO5074'],
  ['ds1054', 'RigolDS1054Z'],
  ['DS 1054 Z', 'RigolDS1054Z'],
  ['spectrum analyser agilent', 'E4407B|N9020A|N9030A'],
  ['vna', 'E5071C|E5080B|N5222B|P9374A'],
  ['fridge', 'LD400|XLD1000'],
  ['esp 301', 'ESP301Axis'],
  ['newport stage', 'ESP301Axis'],
  ['thorlabs kdc101', 'ThorlabsKDC101'],
  ['thor labs power meter', 'PM100D|PM400'],
  ['piezo attocube', 'ANC300|ANC350|AMC100'],
  ['anc 350', 'ANC350'],
  ['pfeifer gauge', 'PfeifferVacuumTPG261|TPG261|TPG366'],
  ['mass-flow', 'PR4000|MKS647C|ELFLOW|F201'],
  ['OUTX?', 'SR830'],
  ['SNAP?', 'SR830|SR860'],
  ['SYST:BEEP', '*'],
  ['voltmeter', 'Keithley2182A'],
  ['ami 430', 'AmericanMagnetics430'],
  ['ni daq', 'USB6211|PXIe6363'],
  ['yokogawa gs 200', 'GS200'],
  ['teledyne oscilloscopes', 'HDO6104|WaveRunner9254'],
  ['lecroy', 'HDO6104|WaveRunner9254'],
  ['camera andor', 'iDus420|Newton|Zyla'],
];

await onEachDatabase(t, 'search', async (t, store) => {
  const rows = await catalogue();
  for (const row of rows) await insert(store, row);

  await t.test('finds what people mean among the first three', async (t) => {
    const missed: string[] = [];
    for (const [typed, expected] of QUERIES) {
      const first = (await names(store, typed, { perPage: 3 })).slice(0, 3);
      const fits = first.some((name) => expected === '*' || expected.split('|').includes(name));
      if (!fits) missed.push(typed);
      t.comment(`${fits ? 'found' : 'MISSED'} ${typed}: ${first.join(', ')}`);
    }
    t.ok(QUERIES.length >= 40);
    t.ok(missed.length <= 2, `${QUERIES.length} queries, missed: ${missed.join('; ')}`);
  });

  await t.test('the pages of every query contain each result once', async (t) => {
    const queries = ['SR 830', 'lock in', 'keithly', 'controller', 'OUTX?', 'k', 'self', 'meter'];
    for (const q of queries) {
      const whole = await list(store, q, { perPage: 500 });
      const ids = whole.items.map(({ id }) => id);
      if (whole.total !== ids.length || whole.next !== undefined) t.fail(`total of ${q}`);
      const byCursor: number[] = [];
      const byNumber: number[] = [];
      let after: string | undefined;
      for (let page = 1; page === 1 || after !== undefined; page++) {
        const followed = await list(store, q, { perPage: 7, after });
        byCursor.push(...followed.items.map(({ id }) => id));
        if (followed.total !== whole.total) t.fail(`total of page ${page} of ${q}`);
        const numbered = await list(store, q, { perPage: 7, page });
        byNumber.push(...numbered.items.map(({ id }) => id));
        after = followed.next;
      }
      if (byCursor.join() !== ids.join() || byNumber.join() !== ids.join()) t.fail(`pages of ${q}`);
    }
    t.pass(`${queries.length} queries`);
  });

  await t.test('a cursor of another list, or an invalid one, is refused', async (t) => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const order = '-rank,name,id';
    const known = { code: 'invalid_cursor' };
    for (const rank of [-5, -1e9, 0.5, null, '1']) {
      await t.rejects(list(store, 'lock in', { after: encode([order, rank, 'A', 1]) }), known);
    }
    await t.rejects(list(store, 'lock in', { after: encode(['name,id', 'A', 1]) }), known);
    await t.rejects(list(store, 'x', { after: encode(['-closeness,name,id', -2, 'A', 1]) }), known);
    for (const rank of [-4, -1, 0, 1, 2, 5000]) {
      await t.resolves(list(store, 'lock in', { after: encode([order, rank, 'A', 1]) }));
    }
  });

  await t.test('other orders, filters and counts find the same definitions', async (t) => {
    for (const q of ['lock in', 'keithly', 'OUTX?', 'controller', 'nothing like it']) {
      const ranked = (await names(store, q)).sort();
      const sort = { field: 'updated_at', descending: true } as const;
      t.same((await names(store, q, { sort })).sort(), ranked, q);
      const facets = await countFacets(store.em(), { viewer: everything, filters: { q } });
      const counted = facets.status.reduce((sum, { count }) => sum + count, 0);
      t.equal(counted, ranked.length, `facets of ${q}`);
    }
    const category = 'Lock-In Amplifiers';
    const filters = { category };
    const found = await list(store, 'zurich', { filters });
    t.same(found.items.map(({ name }) => name).sort(), ['HF2LI', 'MFLI', 'UHFLI']);
    const facets = await countFacets(store.em(), {
      viewer: everything,
      filters: { q: 'lock in', category },
    });
    t.equal(facets.category.find(({ value }) => value === category)?.count, 10);
    t.same(await names(store, 'SR830', { filters: { is_archived: true } }), []);
  });

  await t.test('definitions that a viewer may not see do not affect their results', async (t) => {
    const before = await names(store, 'lock in');
    const lab = (await createLab(store.em(), { name: 'Mine', code: 'mine' })).id;
    await insert(store, definitionFields('SecretLockIn', { lab_id: lab }));
    await insert(store, definitionFields('Keithlyy', { lab_id: lab }));
    const outsider = { everything: false, public: true, labs: [], reviews: [], onlyOpen: false };
    const member = { everything: false, public: true, labs: [lab], reviews: [], onlyOpen: false };
    t.same(await names(store, 'secretlockin', { viewer: member }), ['SecretLockIn']);
    t.notOk((await names(store, 'secretlockin', { viewer: outsider })).includes('SecretLockIn'));
    t.same(await names(store, 'lock in', { viewer: outsider }), before);
    // If the hidden definition had counted as a match, the search would not have looked for misspelt names.
    t.match(await names(store, 'keithlyy', { viewer: outsider }), /Keithley2000/);
    t.same(await names(store, 'keithlyy', { viewer: member }), ['Keithlyy']);
    await store.em().execute('delete from definitions where lab_id = ?', [lab]);
  });

  await t.test('no search text fails or takes long', async (t) => {
    const hostile = {
      ...{ percent: '%', underscore: '_', backslash: '\\', quotes: `'"\\'`, marks: '~:.|&!()<->*' },
      ...{ 'a null': 'SR\x00830', surrogate: '\ud800', 'other half': 'a\udc00b', spaces: ' \t\n ' },
      ...{
        'a pattern': '%'.repeat(500),
        'a query': `'a' & !'b':* | c`,
        cast: `'; drop table labs; --`,
      },
      ...{ 'a long word': 'a'.repeat(10_000), 'a long part': 'lock'.repeat(2500) },
      ...{ words: Array.from({ length: 5000 }, (_, i) => `w${i}`).join(' ') },
      ...{ 'one word': 'lock '.repeat(2000), letters: [...'abcdefghijklmnop'].join(' ') },
      ...{
        digits: '1a2b3c4d5e6f7g8h9i',
        symbols: '🔬'.repeat(2500),
        marked: '~amplifier .self :x',
      },
      ...{
        accents: 'é'.repeat(5000),
        prototype: '__proto__ constructor',
        parameters: '?? $1 :name',
      },
    };
    for (const [what, q] of Object.entries(hostile)) {
      const start = performance.now();
      const { items, total } = await list(store, q);
      const facets = await countFacets(store.em(), { viewer: everything, filters: { q } });
      t.comment(`${what}: ${total} in ${(performance.now() - start).toFixed()} ms`);
      t.ok(items.length <= total && facets.status.length <= 5, what);
    }
    t.same(await names(store, 'SR\x00830'), ['SR830'], 'NUL separates words, like punctuation');
    for (const q of ['%', '\\', "'", '...', '🔬']) t.same(await names(store, q), [], q);
    t.equal((await list(store, '')).total, rows.length, 'no query: everything');
  });
});

/** More definitions than the search counts. All these definitions match in one place. */
const MANY = `
  insert into definitions (name, display_name, description, category, status, version, source_code)
  select 'Device' || lpad(i::text, 5, '0'), 'Device', case when i % 3 > 0 then 'For the crowd' end,
         case i % 5000 when 0 then 'Crowd control' end, 'operational', 1, 'crowd = 1'
    from generate_series(1, 10100) i`;

await onEachDatabase(
  t,
  'with too many matches, the best come first and the others by name',
  async (t, store) => {
    await store.em().execute(MANY);
    const byName = (a: string, b: string) => (a < b ? -1 : 1);
    const all = (await store.em().execute<{ name: string }[]>('select name from definitions'))
      .map(({ name }) => name)
      .sort(byName);
    const best = ['Device05000', 'Device10000'];
    const described = all.filter((name, i) => (i + 1) % 3 > 0 && !best.includes(name));
    const rest = all.filter((name) => !best.includes(name) && !described.includes(name));
    const first = await list(store, 'crowd', { perPage: 500 });
    t.match(first, { total: 10_000, total_at_least: true });
    t.same(
      first.items.map(({ name }) => name),
      [...best, ...described].slice(0, 500),
    );
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const found = await list(store, 'crowd', { perPage: 500, after });
      seen.push(...found.items.map(({ name }) => name));
      after = found.next;
      // From here on there are few enough matches to rank all of them. The cursor still continues in its first order.
      if (seen.length === 7500)
        await store
          .em()
          .execute(`delete from definitions where name = any(?)`, [
            `{${seen.slice(2, 300).join()}}`,
          ]);
    } while (after !== undefined);
    t.same(seen, [...best, ...described, ...rest], 'no match is repeated or lost');
    const page = await list(store, 'device', { perPage: 50, page: 100 });
    const left = all.filter((name) => !seen.slice(2, 300).includes(name));
    t.same(
      page.items.map(({ name }) => name),
      left.slice(4950, 5000),
      'by number',
    );
  },
);
