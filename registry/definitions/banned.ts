/** What labs ban, apart from how it is found: the thread that serves requests needs no parser. */

/** What every lab bans unless it says otherwise: modules with all below them, and built-ins. */
export const DEFAULT_BANNED: readonly string[] = [
  'os',
  'subprocess',
  'socket',
  'shutil',
  'multiprocessing',
  'ctypes',
  'importlib',
  'urllib',
  'http',
  'requests',
  'open',
  'eval',
  'exec',
  'compile',
  '__import__',
];
