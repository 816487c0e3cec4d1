/**
 * Reads recordings (`tests/*.jsonl`), as strictly as lab computers do: JSON Lines with a head and then one line a step. A
 * recording that cannot be read would prove nothing, so every fault is an error.
 */
import { positions } from './source.ts';
import type { Diagnostic, Json } from './types.ts';

type Line = { [key: string]: Json };

/** One entry of the traffic: what the definition sent or read, or what happened instead. */
type Entry = readonly [kind: string, value?: Json];

export interface Step {
  /** What the step does, such as `call sweep` or `set voltage`. The construction of the object is `connect`. */
  label: string;
  io: readonly Entry[];
}

export interface Recording {
  /** The construction of the object, then the steps. */
  steps: readonly Step[];
}

/** Whether the file is a recording by its path. */
export const isRecording = (path: string): boolean => /^tests\/[^/]+\.jsonl$/.test(path);

const HEAD = [
  ...['recording', 'class', 'args', 'terminators', 'instrument', 'recorded_at', 'environment'],
  'io',
];
const NEEDED = ['recording', 'class', 'args', 'terminators'];
const STEP = ['call', 'set', 'args', 'kwargs', 'to', 'gives', 'relative', 'raises', 'io'];
/** The properties that only one of the two verbs has. */
const OF_CALL = ['args', 'kwargs', 'gives', 'relative'];
const NAME = /^[A-Za-z_]\w{0,99}$/;
/** The most characters of the name of a method or property, such as `ch[0].gain`. */
const LONGEST_NAME = 200;
const KINDS = ['w', 'r', 'timeout', 'status', 'clear'];
/** The most errors for one file. A person who fixes these can ask again. */
const MOST = 20;

/** A fault in a line. `key` is the property that is wrong; the column is that of the property. */
class Fault extends Error {
  readonly key: string | undefined;
  constructor(message: string, key?: string) {
    super(message);
    this.key = key;
  }
}

/**
 * Reads a recording.
 * @param name the definition, whose class the recording should name
 */
export function readRecording(
  bytes: Uint8Array,
  name: string | undefined,
): { recording: Recording; errors: Diagnostic[]; warnings: Diagnostic[] } {
  const errors: Diagnostic[] = [];
  const warnings: Diagnostic[] = [];
  const steps: Step[] = [];
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const message = 'This is not UTF-8: write bytes as base64';
    return { recording: { steps }, errors: [at(1, 1, 'recording', message)], warnings };
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [index, line] of (lines.length === 0 ? [''] : lines).entries()) {
    if (errors.length >= MOST) break;
    const found: { names?: Names } = {};
    try {
      const value = parseLine(line, found);
      if (index > 0) steps.push(readStep(value));
      else {
        steps.push(readHead(value));
        if (name !== undefined && value.class !== name) {
          const message = `The recording is of the class ${value.class}, not of ${name}`;
          warnings.push(placed(message, line, 1, found.names?.get('class')));
        }
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const offset = error instanceof Misread ? error.offset : found.names?.get(error.key ?? '');
      errors.push(placed(error.message, line, index + 1, offset));
    }
  }
  return { recording: { steps }, errors, warnings };
}

const at = (line: number, column: number, code: string, message: string): Diagnostic => ({
  ...{ line, column, end_line: line, end_column: column },
  ...{ code, message },
});

function placed(message: string, text: string, line: number, offset = 0): Diagnostic {
  return at(line, positions(text).span(offset, offset).column, 'recording', message);
}

/** Where the properties of a line's object begin, by name. */
type Names = ReadonlyMap<string, number>;

/** A line that is not JSON. `offset` is the place in the line. */
class Misread extends Fault {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

function parseLine(text: string, found: { names?: Names }): Line {
  if (text.trim() === '') throw new Fault('The line is empty: delete it');
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const end = /end of JSON/.test(String(error)) ? text.length : 0;
    const [, offset = end] = /at position (\d+)/.exec(String(error)) ?? [];
    throw new Misread('This is not JSON', Number(offset));
  }
  if (!isObject(value)) throw new Fault('The line is not a JSON object: each line is {…}');
  found.names = namesIn(text);
  return value;
}

/** Finds the properties of a line's object. Throws for a property that is there twice, at any depth. */
function namesIn(text: string): Names {
  const names = new Map<string, number>();
  /** The names in each open object, and null for each open list. */
  const open: (Set<string> | null)[] = [];
  let last = { from: 0, to: 0 };
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '{') open.push(new Set());
    else if (letter === '[') open.push(null);
    else if (letter === '}' || letter === ']') open.pop();
    else if (letter === '"') {
      last = { from: at, to: endOfString(text, at) };
      at = last.to - 1;
    } else if (letter === ':') {
      const name = JSON.parse(text.slice(last.from, last.to)) as string;
      const known = open.at(-1);
      if (known?.has(name)) throw new Misread(`"${name}" is there twice: keep one`, last.from);
      known?.add(name);
      if (open.length === 1) names.set(name, last.from);
    }
  }
  return names;
}

/** Where the string that begins at `from` ends. The text is valid JSON. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

const isObject = (value: Json | undefined): value is Line =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function checkNames(line: Line, known: readonly string[]): void {
  const other = Object.keys(line).find((key) => !known.includes(key));
  if (other !== undefined)
    throw new Fault(`"${other}" is not known here: known are ${known.join(', ')}`, other);
}

function readHead(line: Line): Step {
  if (!('recording' in line))
    throw new Fault('The first line of a recording is {"recording": 1, "class": …}');
  checkNames(line, HEAD);
  const missing = NEEDED.find((key) => !(key in line));
  if (missing) throw new Fault(`"${missing}" is missing: add it`);
  if (line.recording !== 1) throw new Fault('"recording" is not 1, the only format', 'recording');
  if (typeof line.class !== 'string' || !NAME.test(line.class))
    throw new Fault('"class" is not the name of a Python class', 'class');
  if (!isObject(line.args))
    throw new Fault('"args" is not an object, such as {"adapter": "GPIB::8::INSTR"}', 'args');
  const { read, write, ...more } = isObject(line.terminators) ? line.terminators : {};
  if (typeof read !== 'string' || typeof write !== 'string' || Object.keys(more).length > 0)
    throw new Fault(
      '"terminators" has exactly "write" and "read", both text ("" for none)',
      'terminators',
    );
  for (const key of ['instrument', 'recorded_at'])
    if (key in line && typeof line[key] !== 'string') throw new Fault(`"${key}" is not text`, key);
  if ('environment' in line && !isObject(line.environment))
    throw new Fault('"environment" is not an object', 'environment');
  return { label: 'connect', io: readTraffic(line) };
}

function readStep(line: Line): Step {
  checkNames(line, STEP);
  const verbs = ['call', 'set'].filter((verb) => verb in line);
  const [verb] = verbs;
  if (verb === undefined || verbs.length !== 1)
    throw new Fault('A step has either "call" or "set": write one step a line', verbs[1]);
  const attribute = line[verb];
  const isName =
    typeof attribute === 'string' &&
    attribute.length <= LONGEST_NAME &&
    /^[A-Za-z_]/.test(attribute) &&
    !attribute.startsWith('__');
  if (!isName) throw new Fault(`"${verb}" is not the name of a method or property`, verb);
  const misplaced = (verb === 'set' ? OF_CALL : ['to']).find((key) => key in line);
  if (misplaced)
    throw new Fault(`"${misplaced}" does not belong to "${verb}": remove it`, misplaced);
  if (verb === 'set' && !('to' in line))
    throw new Fault('"to" is missing: add the value that is set', 'set');
  if ('raises' in line && 'gives' in line)
    throw new Fault('A step either "gives" a value or "raises" an error: remove one', 'gives');
  if ('relative' in line && !('gives' in line))
    throw new Fault('"relative" says how exactly "gives" is compared: add "gives"', 'relative');
  const { args = [], kwargs = {}, raises = 'Error', relative = 0 } = line;
  if (!Array.isArray(args)) throw new Fault('"args" is not a list', 'args');
  if (!isObject(kwargs)) throw new Fault('"kwargs" is not an object', 'kwargs');
  if (typeof raises !== 'string' || !NAME.test(raises))
    throw new Fault('"raises" is not the name of an error, such as TimeoutError', 'raises');
  if (typeof relative !== 'number' || relative < 0 || relative >= 1)
    throw new Fault('"relative" is not a number from 0 to below 1, such as 1e-9', 'relative');
  return { label: `${verb} ${attribute}`, io: readTraffic(line) };
}

function readTraffic({ io = [] }: Line): Entry[] {
  if (!Array.isArray(io))
    throw new Fault('"io" is not a list, such as [["w", "*IDN?"], ["r", "ACME"]]', 'io');
  for (const [index, entry] of io.entries()) {
    const why = wrongEntry(entry);
    if (why !== null) throw new Fault(`Entry ${index + 1} of "io" ${why}`, 'io');
  }
  return io as unknown as Entry[];
}

/** What is wrong with an entry of `io`; null if nothing is. */
function wrongEntry(entry: Json): string | null {
  const [kind, value, ...more] = Array.isArray(entry) ? entry : [];
  if (typeof kind !== 'string' || !KINDS.includes(kind))
    return 'is unknown: write ["w", text], ["r", text], ["timeout"], ["status", 65] or ["clear"]';
  if (kind === 'timeout' || kind === 'clear')
    return value === undefined ? null : `is too long: write ["${kind}"]`;
  if (value === undefined || more.length > 0) return 'needs one value after its kind';
  if (kind === 'status') {
    const isByte =
      typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;
    return isByte ? null : 'is no status byte: write a number from 0 to 255';
  }
  if (typeof value === 'string')
    return value.isWellFormed() ? null : 'has half a character: write it as base64';
  return isBase64(value) ? null : 'has no bytes: write text or {"base64": "…"}';
}

const isBase64 = (value: Json): boolean =>
  isObject(value) &&
  Object.keys(value).join() === 'base64' &&
  typeof value.base64 === 'string' &&
  value.base64.length % 4 === 0 &&
  /^[A-Za-z0-9+/]+={0,2}$/.test(value.base64);
