/** The theme: light, dark or as the system has it. Web Awesome reads the theme from a class on the root element. */

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'registry-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** The theme that the user chose in this browser. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme();
}

export function applyTheme(): void {
  const theme = chosenTheme();
  const isDark = theme === 'dark' || (theme === 'system' && dark.matches);
  const { classList, style } = document.documentElement;
  classList.toggle('wa-dark', isDark);
  classList.toggle('wa-light', !isDark);
  style.colorScheme = isDark ? 'dark' : 'light';
}

dark.addEventListener('change', applyTheme);
