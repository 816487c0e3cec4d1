/**
 * The names that labs ban. Apart from the code that finds them, so that the request thread needs no parser.
 */

/** The default of `banned_imports`: modules, each with its submodules, and built-ins. */
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
