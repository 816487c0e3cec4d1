/** The items of the sidebar. */
import type { Me } from '../../registry/schemas/people.ts';
import type { IconName } from '../elements/icon.ts';

export interface NavigationItem {
  path: string;
  label: string;
  icon: IconName;
  /** Whether to show the item to this user; everyone sees it by default. */
  shownTo?: (me: Me | null | undefined) => boolean;
}

export const NAVIGATION: readonly NavigationItem[] = [
  { path: '/', label: 'Definitions', icon: 'beaker' },
  {
    path: '/merge-requests',
    label: 'Merge requests',
    icon: 'mergeRequest',
    shownTo: (me) => me?.user.is_admin || me?.labs.some(({ role }) => role !== 'viewer') || false,
  },
  { path: '/instruments', label: 'Instruments', icon: 'plug', shownTo: isMember },
  { path: '/computers', label: 'Computers', icon: 'computers', shownTo: isMember },
  { path: '/fleet', label: 'Fleet', icon: 'pulse', shownTo: isMember },
  { path: '/labs', label: 'Labs', icon: 'lab', shownTo: isMember },
  { path: '/users', label: 'Users', icon: 'people', shownTo: (me) => me?.user.is_admin ?? false },
  {
    path: '/audit',
    label: 'Audit trail',
    icon: 'log',
    shownTo: (me) => me?.user.is_admin || me?.labs.some(({ role }) => role === 'admin') || false,
  },
];

function isMember(me: Me | null | undefined): boolean {
  return me?.user.is_admin || (me?.labs.length ?? 0) > 0;
}

/** Whether the page at `path` belongs to this item of the sidebar. */
export function isCurrent(item: NavigationItem, path: string): boolean {
  if (item.path === '/') return ['/', '/new'].includes(path) || path.startsWith('/definitions');
  return path === item.path || path.startsWith(`${item.path}/`);
}
