/** Lists over HTTP. Every list can be followed by its cursors, and refuses the cursors of other lists. */
import t from 'tap';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

interface Answer {
  items: { id?: number; version?: number; user_id?: number }[];
  total: number;
  page: number;
  per_page: number;
  next?: string;
}

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`lists continue at their cursors (${database})`, async (t) => {
    const { url, admin, ada, nano } = await startLab(t, { database });
    const ask = async (path: string) => {
      const headers = { authorization: `Bearer ${admin.token}` };
      const answer = await fetch(url + path, { headers });
      return { status: answer.status, body: (await answer.json()) as Answer };
    };
    let made = 0;
    for (const name of ['LockInA', 'LockInB', 'LockInC']) {
      made = (await ada.client.definitions.create({ name, source_code: measurement(name) })).id;
      await ada.client.instruments.create({ name, lab_id: nano.id });
      await ada.client.computers.create({ computer_name: name, lab_id: nano.id });
    }
    for (const value of [2, 3]) {
      const source_code = measurement('LockInC', value);
      await ada.client.definitions.change(made, { source_code });
    }
    const lists = {
      definitions: '/api/instrument-definitions?',
      'definitions by a nullable field': '/api/instrument-definitions?sort=-category&',
      'definitions by time': '/api/instrument-definitions?sort=updated_at&',
      search: '/api/instrument-definitions?q=lock%20in&',
      versions: `/api/instrument-definitions/${made}/versions?`,
      audit: '/api/audit?',
      users: '/api/users?',
      labs: '/api/labs?',
      members: `/api/labs/${nano.id}/members?`,
      instruments: '/api/instruments?',
      computers: '/api/computers?',
      fleet: '/api/fleet?',
      'merge requests': '/api/merge-requests?',
      bindings: '/api/computer-bindings?',
    };
    const cursors = new Map<string, string>();
    for (const [what, path] of Object.entries(lists)) {
      const whole = (await ask(`${path}per_page=500`)).body;
      t.equal(whole.total, whole.items.length, what);
      const found: Answer['items'] = [];
      let after = '';
      for (let pages = 0; pages <= whole.total; pages++) {
        const { body } = await ask(`${path}per_page=2${after}`);
        found.push(...body.items);
        if (body.next === undefined) break;
        cursors.set(what, body.next);
        after = `&after=${body.next}`;
      }
      t.same(found, whole.items, `${what} in pages of two`);
    }
    const refused = (path: string) => ask(path).then(({ status }) => t.equal(status, 422, path));
    for (const [what, path] of Object.entries(lists)) {
      await refused(`${path}after=bm90aGluZw`);
      await refused(`${path}after=%00`);
      const other = what === 'audit' ? cursors.get('users') : cursors.get('audit');
      if (what !== 'merge requests') await refused(`${path}after=${other}`);
    }
    await refused('/api/signing-keys?after=bm90aGluZw');
    await refused(`/api/instrument-definitions?q=${'a'.repeat(10_000)}`);
    await refused('/api/instrument-definitions?q=%00');
  });
}
