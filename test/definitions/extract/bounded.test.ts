/**
 * An extraction with little memory drops modules while it reads the folder. The extraction must find the same
 * definitions and warnings.
 */
import t from 'tap';
import { SourceFolder } from '../../../registry/definitions/extract/folder.ts';
import { Texts } from '../../../registry/definitions/extract/texts.ts';
import { collect, filesOf, meter } from './helpers.ts';

const BASE = 'from pybirch.Instruments.base import BaseMeasurementInstrument\n';
const MAKERS = 40;
const DEVICES = 2;

/**
 * For each manufacturer: a module with state, and modules with one class each that use the state. These modules do not
 * all fit in memory.
 */
function folderWithState(): Record<string, string> {
  const files: Record<string, string> = {};
  const filler = Array.from({ length: 180 }, (_, i) => `LIMIT_${i} = ${i}\n`).join('');
  for (let maker = 0; maker < MAKERS; maker++) {
    const folder = `maker_${maker}`;
    files[`${folder}/__init__.py`] = '';
    files[`${folder}/bus.py`] =
      `${filler}import serial\n_open = {}\n\n\ndef port(name):\n    return _open.setdefault(name, object())\n\n\nLINK = serial.Serial()\n`;
    for (let device = 0; device < DEVICES; device++) {
      const name = `Meter${maker}x${device}`;
      files[`${folder}/meter_${device}.py`] =
        `${BASE}from .bus import LINK, port\n${filler}\n\n${meter(name)}\n    def read(self):\n        return port(LINK)\n`;
    }
  }
  return files;
}

t.test('warnings about shared state do not depend on what stays in memory', async (t) => {
  const files = filesOf(folderWithState());
  const whole = collect(files, { mostStatements: Infinity });
  t.equal(whole.definitions.length, MAKERS * DEVICES);
  for (const { warnings } of whole.definitions) {
    t.match(
      warnings.find((one) => one.includes('_open is shared')),
      /shared with Meter/,
    );
    t.match(
      warnings.find((one) => one.includes('LINK is shared')),
      /shared with Meter/,
    );
    t.match(
      warnings.find((one) => one.includes('creates LINK')),
      /when imported/,
    );
  }
  t.same(collect(files), whole, 'with the usual limit');
  t.same(collect(files, { mostStatements: 1 }), whole, 'with a limit of less than one module');
});

t.test('a folder drops the least recently used modules', async (t) => {
  const texts = new Texts();
  const bytes = new TextEncoder().encode('A = 1\nB = 2\n');
  const paths = ['a.py', 'b.py', 'c.py', 'd.py'];
  for (const path of paths) texts.add({ path, bytes });
  const folder = new SourceFolder(texts, [], { mostStatements: 9 });
  const first = paths.map((path) => {
    const module = folder.module(path);
    folder.trim();
    return module;
  });
  t.equal(folder.module('d.py'), first[3]);
  t.equal(folder.module('c.py'), first[2]);
  t.not(folder.module('a.py'), first[0]);
  t.same(folder.outline('b.py'), { classes: [], isEmpty: false });
});
