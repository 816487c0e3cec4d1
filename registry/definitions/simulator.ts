/**
 * Checks the basic form of `simulator.yaml`, a description of simulated instruments that pyvisa-sim reads. What pyvisa-sim
 * cannot read is an error. Lab computers check the rest when they open the simulator.
 */
import { isAlias, isMap, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { positions } from './source.ts';
import type { Diagnostic } from './types.ts';

/** The path of the file. */
export const SIMULATOR = 'simulator.yaml';

/** The most characters that are read. The parser is slow for hostile text. */
const MOST = 256 * 1024;
/** The most errors that are reported. */
const MOST_ERRORS = 20;

/** The errors of a description. */
export function checkSimulator(bytes: Uint8Array): Diagnostic[] {
  const errors: Diagnostic[] = [];
  let text = '';
  const complain = (message: string, offset = 0): void => {
    if (errors.length >= MOST_ERRORS) return;
    errors.push({ ...positions(text).span(offset, offset), code: 'simulator', message });
  };
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    complain('This is not UTF-8');
    return errors;
  }
  if (text.length > MOST) {
    complain(`The file has more than ${MOST} characters: describe fewer instruments`);
    return errors;
  }
  try {
    check(text, complain);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    complain('The values are nested too deeply');
  }
  return errors;
}

type Complain = (message: string, offset?: number) => void;

function check(text: string, complain: Complain): void {
  // PyYAML, which pyvisa-sim uses, reads YAML 1.1.
  const document = parseDocument(text, {
    version: '1.1',
    prettyErrors: false,
    lineCounter: new LineCounter(),
  });
  for (const { message, pos } of document.errors) complain(firstLine(message), pos[0]);
  if (document.errors.length > 0) return;
  const found = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const top = found(document.contents);
  if (!isMap(top)) {
    complain('The file must begin with names, such as spec:, devices: and resources:');
    return;
  }
  if (!top.has('spec')) complain('spec is missing: add spec: "1.1"');
  const devices = mapIn(top, 'devices', found, complain);
  const resources = mapIn(top, 'resources', found, complain);
  // A name of digits is a number in YAML.
  const described = new Set(devices?.items.map(({ key }) => String(key)));
  for (const { key, value } of resources?.items ?? []) {
    const resource = found(value);
    const device = isMap(resource) ? resource.get('device') : undefined;
    const offset = offsetOf(key);
    if (typeof device !== 'string' && typeof device !== 'number')
      complain(`${key} must name its device`, offset);
    // A device may be described in another file, which `filename` names.
    else if (!described.has(String(device)) && isMap(resource) && !resource.has('filename'))
      complain(`${key} names the device ${device}, which devices does not describe`, offset);
  }
}

function mapIn(
  top: YAMLMap,
  name: string,
  found: (node: unknown) => unknown,
  complain: Complain,
): YAMLMap | undefined {
  const value = found(top.get(name, true));
  if (value === undefined) complain(`${name} is missing: add ${name}:`);
  else if (!isMap(value)) complain(`${name} must have a name for each entry`, offsetOf(value));
  else return value;
  return undefined;
}

const offsetOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;
