/** The addresses of the page of a definition. */
import type { IconName } from '../../elements/icon.ts';

export const VIEWS = {
  overview: { label: 'Overview', icon: 'info' },
  code: { label: 'Code', icon: 'code' },
  versions: { label: 'Versions', icon: 'history' },
} as const satisfies Record<string, { label: string; icon: IconName }>;

export type View = keyof typeof VIEWS;

interface Place {
  name: string;
  view?: View | undefined;
  /** The version to show, by default the newest one. */
  version?: number | undefined;
  /** The file to show, unless it is the main file. */
  file?: string | undefined;
}

export function addressOf({ name, view = 'overview', version, file }: Place): string {
  const query = new URLSearchParams();
  if (view !== 'overview') query.set('view', view);
  if (version !== undefined) query.set('version', String(version));
  if (file) query.set('file', file);
  const search = query.size > 0 ? `?${query}` : '';
  return `/definitions/${encodeURIComponent(name)}${search}`;
}
