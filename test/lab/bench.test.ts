/** A bench computer, as a program of its own, tests a merge request of the real registry before it may land. */
import t from 'tap';
import { startLab } from '../helpers/lab.ts';
import { runsTheClient } from '../helpers/python.ts';
import { openComputer } from './computer.ts';

t.setTimeout(240_000);

const meter = (question: string) => `import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument


class Meter(VisaBaseMeasurementInstrument):
    """Measures a voltage."""

    def __init__(self, name="meter", adapter=""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["voltage"])
        self.data_units = np.array(["V"])

    def _connect_impl(self):
        self.instrument.read_termination = "\\n"
        return "METER" in self.instrument.query("*IDN?")

    def _perform_measurement_impl(self):
        return np.array([[float(self.instrument.query("${question}"))]])
`;

const recording = [
  {
    recording: 1,
    class: 'Meter',
    args: { name: 'meter', adapter: 'GPIB::8::INSTR' },
    terminators: { write: '\r\n', read: '\n' },
  },
  {
    call: 'connect',
    gives: true,
    io: [
      ['w', '*IDN?'],
      ['r', 'ACME,METER,***,1.0'],
    ],
  },
  {
    call: 'perform_measurement',
    gives: [[1.5]],
    io: [
      ['w', 'VOLT?'],
      ['r', '+1.5E+00'],
    ],
  },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

await t.test(
  'a bench computer turns a required check red, and green after a mend',
  { skip: !(await runsTheClient()) && 'needs Python 3.11' },
  async (t) => {
    const lab = await startLab(t);
    const { ada, ben, nano } = lab;
    const bench = await openComputer(t, 'BENCH-1', lab.url);
    const { code } = await ada.client.computers.createCode(nano.id);
    await bench.command('enrol', bench.network.url, code, '--name', 'BENCH-1');
    await ada.client.labs.change(nano.id, {
      required_checks: { tests: '@bench' },
      required_approvals: 0,
    });
    const { id } = await ada.client.definitions.create({
      name: 'Meter',
      source_code: meter('VOLT?'),
      files: { 'tests/volts.jsonl': recording },
      override: 'the first version',
    });
    const propose = async (question: string) => {
      const source_code = `${meter(question)}\n# Reads the display.\n`;
      const { merge_request } = await ben.client.definitions.change(id, { source_code });
      return merge_request?.id ?? 0;
    };
    const number = await propose('VOLTS?');
    const look = () => ada.client.mergeRequests.read(number);

    await ada.client.computers.change('BENCH-1', { is_bench: true });
    const told = bench.follow('bench');
    const next = async () => (await told.next()).value;
    const first = await next();
    if ((first as { error?: { code: string } }).error?.code === 'not_isolated') {
      t.match(
        await look(),
        { blockers: [/"tests" is missing/] },
        'without namespaces, no test runs',
      );
      return;
    }
    t.match(first, { tested: `Meter, merge request ${number}`, state: 'failure' });
    const red = await look();
    t.match(red, { can_merge: false, blockers: [/"tests" of BENCH-1 is "failure"/] });
    const check = red.checks.find(({ name }) => name === 'tests');
    t.match(check, {
      standing: true,
      required: true,
      details: { items: [{ name: 'tests/volts.jsonl', state: 'failed' }] },
    });
    t.match(check?.details?.items[0]?.difference, /expected to send "VOLT\?.*sent "VOLTS\?/s);
    t.match(await next(), { tested: 'Meter v1', state: 'success' });
    const [landed] = (await ada.client.definitions.results(id, 1)).items;
    t.match(landed, { computer_name: 'BENCH-1', state: 'success', standing: true });
    t.match(landed?.details.environment, { python: /^3\./, packages: { numpy: /^2/ } });
    t.match(await ada.client.definitions.read(id), { tested: { state: 'success', computers: 1 } });
    t.equal(await propose('VOLT?'), number);
    t.match(await next(), { tested: `Meter, merge request ${number}`, state: 'success' });
    const green = await look();
    t.match(green, { can_merge: true, blockers: [] });
    const merged = await ada.client.mergeRequests.merge(number, { head: green.head });
    t.match(merged, { state: 'merged', merged_version: 2 });
    t.match(await next(), { tested: 'Meter v2', state: 'success' }, 'what has landed is tested');
  },
);
