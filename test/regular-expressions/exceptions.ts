/**
 * Regular expressions whose time is not linear, by the file that uses them, and why their input cannot be long. In another
 * file, the same expression needs a reason of its own.
 */
export const EXCEPTIONS: Record<string, Record<string, string>> = {
  'web-components/elements/icon.ts': {
    '/<\\/?svg[^>]*>/g': 'The input is an icon of the bundle.',
  },
  'registry/services/people/single-sign-on/profile.ts': {
    '/^[^A-Za-z0-9]+|-+$/g': 'The input has at most 1,000 characters.',
  },
  'registry/definitions/names.ts': {
    '/ +$/': 'The input is a part of a path, which has at most 255 bytes.',
  },
  'registry/definitions/rename/recording.ts': {
    '/"(?:[^"\\\\]|\\\\.)*"|[{}[\\]:,]/g': 'The input is valid JSON, in which every string ends.',
  },
  'registry/cli/doctor/machine.ts': {
    '/(\\d+)\\.(\\d+)/': 'The input is what `git --version` and `python --version` print.',
  },
  'client/python/src/pybirch_registry/guard/audit.py': {
    '/(?:system|popen|v?fork|exec(?:v|l)\\w*|posix_spawn\\w*|dl(?:m?open|v?sym)|syscall|mmap|mprotect|f?open(?:at|64)?|creat|unlink(?:at)?|rename\\w*|remove|write|_?Py[A-Z_]\\w*|WinExec|ShellExecute\\w*|CreateProcess\\w*|LoadLibrary\\w*)$/':
      'It is used with `match`, which tries it at one place only.',
  },
  'client/python/src/pybirch_registry/addresses.py': {
    '/(?=.*\\d)[^\\s:]+(:\\d+)?/': 'It is used with `fullmatch`, which tries it at one place only.',
  },
};

/** Files that put expressions together at run time, and why the time of these expressions is linear. */
export const BUILT: Record<string, string> = {
  'text/masked.ts': 'The name of a computer, which matches only itself.',
  'text/hidden.ts': 'One character after a lookahead of at most two.',
  'repos/serve/plainly-sound.ts':
    'Recheck proved the expression of a commit as it is put together.',
  'registry/services/people/single-sign-on/profile.ts':
    'The pattern of addresses, for 254 characters.',
  'registry/definitions/conditions.ts':
    'Fixed words; findSpread reads what lies between them once.',
  'registry/definitions/requirements.ts': 'Recheck proved the expression as it is put together.',
  'client/python/src/pybirch_registry/testing/computed.py':
    'A field ends before the first character of the text after it, so there is one way to match.',
  'registry/definitions/rename/edits.ts': 'A name between two assertions about one character.',
  'registry/definitions/python/numbers.ts': 'Recheck proved the expression as it is put together.',
  'registry/definitions/extract/render.ts':
    'Dotted names between two assertions about one character.',
  'client/python/src/pybirch_registry/guard/commands.py':
    'Fixed lines of commands, used with `fullmatch`. No part can match the separator, NUL.',
  'client/python/src/pybirch_registry/guard/files.py':
    'The name of a library, used with `fullmatch`.',
};
