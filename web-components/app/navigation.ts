/** What the side bar offers. A page that is found there adds its line. */
import type { Me } from '../../registry/schemas/people.ts';
import type { IconName } from '../elements/icon.ts';

export interface NavigationItem {
  path: string;
  label: string;
  icon: IconName;
  /** To whom it is shown; everybody unless given. */
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
];

/** Whether somebody at `path` is in the part of the interface that the item names. */
export function isCurrent(item: NavigationItem, path: string): boolean {
  if (item.path === '/') return path === '/' || path.startsWith('/definitions');
  return path === item.path || path.startsWith(`${item.path}/`);
}
