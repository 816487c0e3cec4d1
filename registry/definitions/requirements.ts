/**
 * Checks whether pip accepts a requirement or a version specifier: PEP 508 ("Dependency specifiers" of the packaging
 * specifications) and PEP 440 ("Version specifiers").
 */
import { validRange } from '@renovatebot/pep440';

/** Returns true for `>=3.9, <4`, for example. pip ignores an extra comma. */
export function isSpecifier(text: string): boolean {
  return text
    .split(',')
    .map((one) => one.trim())
    .every((one) => one === '' || validRange(one));
}

/**
 * Returns true for `numpy`, `pyvisa[usb] >= 1.13; sys_platform == "win32"` or `name @ https://host/file.whl`, for
 * example.
 */
export function isRequirement(text: string): boolean {
  const head = /^[ \t]*[A-Za-z0-9][A-Za-z0-9._-]*(?<=\w)[ \t]*/.exec(text);
  if (!head) return false;
  let rest = text.slice(head[0].length);
  if (rest.startsWith('[')) {
    const extras = /^\[[ \t]*(?:NAME(?:[ \t]*,[ \t]*NAME)*[ \t]*)?\][ \t]*/.source;
    const name = '[A-Za-z0-9](?:[A-Za-z0-9._-]*\\w)?';
    const found = new RegExp(extras.replaceAll('NAME', name)).exec(rest);
    if (!found) return false;
    rest = rest.slice(found[0].length);
  }
  if (rest.startsWith('@')) {
    const address = /^@[ \t]*[^ \t]+(?:[ \t](.*))?$/.exec(rest);
    const marker = (address?.[1] ?? '').replace(/^[ \t]+/, '');
    return address !== null && (marker === '' || (marker[0] === ';' && isMarker(marker.slice(1))));
  }
  const semicolon = rest.indexOf(';');
  const versions = (semicolon < 0 ? rest : rest.slice(0, semicolon)).trim();
  const [, inside = versions] = /^\((.*)\)$/.exec(versions) ?? [];
  return isSpecifier(inside) && (semicolon < 0 || isMarker(rest.slice(semicolon + 1)));
}

const VARIABLES = new Set([
  ...[
    'python_version',
    'python_full_version',
    'os_name',
    'os.name',
    'sys_platform',
    'sys.platform',
  ],
  ...['platform_release', 'platform_system', 'platform_version', 'platform.version'],
  ...['platform_machine', 'platform.machine', 'platform_python_implementation'],
  ...['platform.python_implementation', 'python_implementation', 'implementation_name'],
  ...['implementation_version', 'extra', 'extras', 'dependency_groups'],
]);

const TOKEN =
  /[ \t]*(?:([()])|("[^"]*"|'[^']*')|(===|==|~=|!=|<=|>=|<|>)|(not[ \t]+in\b|in\b)|(and|or)\b|([a-z_.]+))/y;

type Token = 'open' | 'close' | 'value' | 'compare' | 'and' | 'or';

/** Returns true for `python_version < "3.9" and (os_name == "nt" or extra == "gui")`, for example. */
function isMarker(text: string): boolean {
  const tokens = tokensOf(text.trimEnd());
  if (tokens === null) return false;
  let at = 0;
  let depth = 0;
  for (;;) {
    for (; tokens[at] === 'open'; at++) depth++;
    if (tokens[at] !== 'value' || tokens[at + 1] !== 'compare' || tokens[at + 2] !== 'value')
      return false;
    at += 3;
    for (; tokens[at] === 'close'; at++) if (--depth < 0) return false;
    if (at === tokens.length) return depth === 0;
    if (tokens[at] !== 'and' && tokens[at] !== 'or') return false;
    at++;
  }
}

function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let end = 0; end < text.length; end = TOKEN.lastIndex) {
    const found = TOKEN.exec(text);
    if (!found) return null;
    const [, bracket, string, operator, contains, joins, variable] = found;
    if (variable !== undefined && !VARIABLES.has(variable)) return null;
    if (bracket) tokens.push(bracket === '(' ? 'open' : 'close');
    else if (string || variable) tokens.push('value');
    else if (operator || contains) tokens.push('compare');
    else tokens.push(joins as 'and' | 'or');
  }
  return tokens;
}
