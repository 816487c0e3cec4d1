/**
 * The names that labs ban. The names have a file of their own because the request thread needs the names but not the
 * parser.
 */

/** The default of `banned_imports`: modules with all their submodules, and built-in functions. */
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
