/**
 * Writes a folder of drivers like a large lab's: two classes per file, one base class per manufacturer, and helpers
 * that all classes share.
 */
// cspell:ignore OUTP COUN SRAT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The number of definitions per manufacturer; they share one base class. */
const OF_A_MAKER = 200;

/** Writes `definitions` classes of about 3 KB each below `folder`, two per file. */
export async function writeDrivers(folder: string, definitions: number): Promise<void> {
  await write(folder, 'drivers/__init__.py', '');
  await write(folder, 'drivers/common/__init__.py', '');
  await write(folder, 'drivers/common/scpi.py', SCPI);
  for (let first = 0; first < definitions; first += OF_A_MAKER) {
    const maker = `maker_${String(first / OF_A_MAKER).padStart(3, '0')}`;
    await write(folder, `drivers/${maker}/__init__.py`, '');
    await write(folder, `drivers/${maker}/family.py`, familyOf(maker));
    for (let n = first; n < Math.min(first + OF_A_MAKER, definitions); n += 2) {
      const classes = [n, n + 1].filter((one) => one < definitions).map(classOf);
      const file = `drivers/${maker}/model_${String(n).padStart(6, '0')}.py`;
      await write(folder, file, [headOf(n), ...classes].join('\n\n'));
    }
  }
}

async function write(folder: string, path: string, text: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
}

const SCPI = `"""What instruments that speak SCPI have in common."""

import re

ERRORS = {-113: "Undefined header", -222: "Data out of range", -350: "Queue overflow"}
NUMBER = re.compile(r"[-+]?\\d+(?:\\.\\d*)?(?:[eE][-+]?\\d+)?")


class InstrumentError(Exception):
    """The instrument reported an error."""


def numbers(text):
    """All numbers of an answer."""
    return [float(found) for found in NUMBER.findall(text)]


def check(adapter):
    """Reads the error queue until it is empty."""
    while True:
        code, _, text = adapter.query(":SYST:ERR?").partition(",")
        if int(code) == 0:
            return
        raise InstrumentError(ERRORS.get(int(code), text.strip()))


def clamp(value, low, high):
    """The value, held between its limits."""
    return min(max(value, low), high)
`;

const familyOf = (maker: string): string => `"""What the instruments of ${maker} have in common."""

from pybirch.Instruments.base import VisaBaseMeasurementInstrument

from ..common.scpi import check, numbers

TERMINATION = "\\r\\n"
ANSWERS = {"0": False, "1": True}


class ${baseOf(maker)}(VisaBaseMeasurementInstrument):
    """Base class of the instruments of ${maker}."""

    def ask(self, command):
        answer = self.adapter.query(command + TERMINATION).strip()
        check(self.adapter)
        return answer

    def ask_numbers(self, command):
        return numbers(self.ask(command))

    def is_on(self):
        return ANSWERS.get(self.ask(":OUTP?"), False)
`;

const baseOf = (maker: string): string => `Base${maker.replace('maker_', 'Maker')}`;

const headOf = (n: number): string => `"""Drivers of models ${n} and ${n + 1}."""

import logging
import time

import numpy as np

from ..common.scpi import clamp
from .family import ${baseOf(`maker_${String(Math.floor(n / OF_A_MAKER)).padStart(3, '0')}`)}

log = logging.getLogger(__name__)

RANGES_${n} = {${Array.from({ length: 8 }, (_, i) => `"${n}.${i} V": ${i}`).join(', ')}}
SETTLING = {"fast": 0.01, "medium": ${(n % 7) / 10 + 0.1}, "slow": 2.0}


def settle(speed):
    """Waits until the input has settled."""
    time.sleep(SETTLING[speed])
`;

function classOf(n: number): string {
  const maker = `maker_${String(Math.floor(n / OF_A_MAKER)).padStart(3, '0')}`;
  const channels = (n % 4) + 1;
  return `class Model${n}(${baseOf(maker)}):
    """Model ${n}, ${channels} channels.

    A row for each of \`points\` readings of the chosen range, in V.
    """

    def __init__(self, name: str = "Model ${n}", adapter: str = ""):
        super().__init__(name, adapter)
        self.data_columns = np.array([${Array.from({ length: channels }, (_, i) => `"channel ${i + 1}"`).join(', ')}])
        self.data_units = np.array([${Array.from({ length: channels }, () => '"V"').join(', ')}])
        self._define_settings({"range": "${n - (n % 2)}.0 V", "speed": "fast", "points": 1, "offset": 0.0})

${METHODS.map((method) => method.replaceAll('#N', String(n)).replaceAll('#R', String(n - (n % 2)))).join('\n')}
    def measure(self):
        settings = self.settings
        self.adapter.write(f":SENS:RANG {RANGES_${n - (n % 2)}[settings['range']]}")
        settle(settings["speed"])
        rows = []
        for _ in range(int(settings["points"])):
            values = self.ask_numbers(":READ?")
            if len(values) != ${channels}:
                log.warning("%s: %d values instead of ${channels}", self.name, len(values))
                continue
            rows.append([clamp(value - settings["offset"], -1000.0, 1000.0) for value in values])
        return np.array(rows)
`;
}

const METHODS = [
  ['averages', ':SENS:AVER:COUN', 'How many readings the instrument averages'],
  ['line_cycles', ':SENS:VOLT:NPLC', 'Integration time in power line cycles'],
  ['trigger_delay', ':TRIG:DEL', 'From the trigger to the reading, in s'],
  ['sample_rate', ':ACQ:SRAT', 'Samples a second'],
].map(
  ([name, command, text]) => `    @property
    def ${name}(self):
        """${text}."""
        (value,) = self.ask_numbers("${command}?")
        return value

    @${name}.setter
    def ${name}(self, value):
        if not 0 <= value <= 10_000:
            raise ValueError(f"${name} of Model #N cannot be {value}")
        self.adapter.write(f"${command} {value:.6g}")
        log.debug("Model #N: ${name} is %s", value)
`,
);
