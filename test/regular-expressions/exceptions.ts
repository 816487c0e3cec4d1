/** Regular expressions whose time is not linear, and why their input cannot be long. */
export const EXCEPTIONS: Record<string, string> = {
  '/<\\/?svg[^>]*>/g': 'The input is an icon of the bundle.',
  '/^[^A-Za-z0-9]+|-+$/g': 'The input has at most 1,000 characters.',
  '/ +$/': 'The input is a part of a path, which has at most 255 bytes.',
  '/"(?:[^"\\\\]|\\\\.)*"|[{}[\\]:,]/g': 'The input is valid JSON, in which every string ends.',
  '/(\\d+)\\.(\\d+)/': 'The input is what `git --version` and `python --version` print.',
  '/(?:system|popen|v?fork|exec(?:v|l)\\w*|posix_spawn\\w*|dl(?:m?open|v?sym)|syscall|mmap|mprotect|f?open(?:at|64)?|creat|unlink(?:at)?|rename\\w*|remove|write|_?Py[A-Z_]\\w*|WinExec|ShellExecute\\w*|CreateProcess\\w*|LoadLibrary\\w*)$/':
    'It is used with `match`, which tries it at one place only.',
  '/(?=.*\\d)[^\\s:]+(:\\d+)?/': 'It is used with `fullmatch`, which tries it at one place only.',
};

/** Files that put expressions together at run time, and why the time of these expressions is linear. */
export const BUILT: Record<string, string> = {
  'text/hidden.ts': 'One character after a lookahead of at most two.',
  'repos/serve/plainly-sound.ts':
    'Recheck proved the expression of a commit as it is put together.',
  'registry/services/people/single-sign-on/profile.ts':
    'The pattern of addresses, for 254 characters.',
  'registry/definitions/conditions.ts':
    'Fixed words; findSpread reads what lies between them once.',
  'registry/definitions/requirements.ts': 'Recheck proved the expression as it is put together.',
  'registry/definitions/rename/edits.ts': 'A name between two assertions about one character.',
  'registry/definitions/python/numbers.ts': 'Recheck proved the expression as it is put together.',
  'registry/definitions/extract/render.ts':
    'Dotted names between two assertions about one character.',
  'client/python/src/pybirch_registry/guard/commands.py':
    'Fixed lines of commands, used with `fullmatch`. No part can match the separator, NUL.',
  'client/python/src/pybirch_registry/guard/files.py':
    'The name of a library, used with `fullmatch`.',
};
