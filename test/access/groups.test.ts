import t from 'tap';
import { type GroupRoles, grantedBy } from '../../registry/access/groups.ts';

const mapping: GroupRoles = {
  staff: { labs: { Nano: 'contributor', cold: 'viewer' } },
  pis: { labs: { nano: 'admin' } },
  guests: { labs: { nano: 'viewer' } },
  operators: { site_admin: true },
  contractors: { site_admin: false },
};
const granted = (groups: string[], of = mapping) => {
  const { labs, siteAdmin } = grantedBy(of, groups);
  return { labs: Object.fromEntries(labs), siteAdmin };
};

t.test('the highest role of all groups counts, in whatever order they stand', async (t) => {
  const all = { labs: { nano: 'admin', cold: 'viewer' }, siteAdmin: false };
  t.same(granted(['staff', 'pis', 'guests']), all);
  t.same(granted(['guests', 'pis', 'staff']), all);
  const reversed = Object.fromEntries(Object.entries(mapping).reverse());
  t.same(granted(['guests', 'pis', 'staff'], reversed), all);
  t.same(granted(['guests']).labs, { nano: 'viewer', cold: null });
});

t.test('what is named is decided against whoever is in no group; nothing else is', async (t) => {
  t.same(granted([]), { labs: { nano: null, cold: null }, siteAdmin: false });
  t.same(granted(['unknown', '__proto__', 'constructor']), granted([]));
  t.same(granted(['staff'], {}), { labs: {}, siteAdmin: undefined });
  t.same(granted([], { staff: { labs: { nano: 'viewer' } } }).siteAdmin, undefined);
});

t.test(
  'one group that makes a site admin is enough, and none that says no takes it away',
  async (t) => {
    t.equal(granted(['operators']).siteAdmin, true);
    t.equal(granted(['operators', 'contractors']).siteAdmin, true);
    t.equal(granted(['contractors']).siteAdmin, false);
  },
);
