import t from 'tap';
import { type GroupRoles, grantedBy } from '../../registry/access/groups.ts';

const mapping: GroupRoles = {
  staff: { labs: { Nano: 'contributor', cold: 'viewer' } },
  pis: { labs: { nano: 'admin' } },
  guests: { labs: { nano: 'viewer' } },
  operators: { site_admin: true },
  contractors: { site_admin: false },
};
const rolesFrom = (groups: string[], of = mapping) => {
  const { labs, siteAdmin } = grantedBy(of, groups);
  return { labs: Object.fromEntries(labs), siteAdmin };
};

t.test('the highest role of all groups counts, in any order', async (t) => {
  const all = { labs: { nano: 'admin', cold: 'viewer' }, siteAdmin: false };
  t.same(rolesFrom(['staff', 'pis', 'guests']), all);
  t.same(rolesFrom(['guests', 'pis', 'staff']), all);
  const reversed = Object.fromEntries(Object.entries(mapping).reverse());
  t.same(rolesFrom(['guests', 'pis', 'staff'], reversed), all);
  t.same(rolesFrom(['guests']).labs, { nano: 'viewer', cold: null });
});

t.test('labs in the mapping lose members without a group; other labs do not change', async (t) => {
  t.same(rolesFrom([]), { labs: { nano: null, cold: null }, siteAdmin: false });
  t.same(rolesFrom(['unknown', '__proto__', 'constructor']), rolesFrom([]));
  t.same(rolesFrom(['staff'], {}), { labs: {}, siteAdmin: undefined });
  t.same(rolesFrom([], { staff: { labs: { nano: 'viewer' } } }).siteAdmin, undefined);
});

t.test('one group with site_admin is enough, and no other group removes it', async (t) => {
  t.equal(rolesFrom(['operators']).siteAdmin, true);
  t.equal(rolesFrom(['operators', 'contractors']).siteAdmin, true);
  t.equal(rolesFrom(['contractors']).siteAdmin, false);
});
