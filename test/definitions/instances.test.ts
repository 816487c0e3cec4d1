import t from 'tap';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { NUMERIC, pythonWith } from '../helpers/python.ts';
import { compareFrom } from './instances.ts';

t.test('known values of an instance equal those of a real instance', async (t) => {
  const python = await pythonWith(NUMERIC);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_007);
  t.comment(`SEED=${seed}`);
  const { differences, made, known, all } = compareFrom(seed, 200, python);
  t.same(differences, [], `equal or unknown, from seed ${seed} on`);
  t.ok(made > 100, `${made} instances`);
  t.ok(known > all / 3, `${known} of ${all} values are known`);
});

const policy = { banned: [], allowed: [] };
const warnings = (source: string) =>
  validateDefinition('A', source, policy).warnings.map(({ code }) => code);
const meter = (body: string): string =>
  `class A(BaseMeasurementInstrument):\n    def __init__(self, name):\n        super().__init__(name)\n${body}`;

t.test('unreadable values are reported with instructions', async (t) => {
  const unknown = meter('        self.data_columns = make(name)\n').replace('make(', 'str(');
  const { warnings: found } = validateDefinition('A', unknown, policy);
  t.match(
    found.find(({ code }) => code === 'no-data-columns'),
    { message: /cannot be read from the code.*state data-columns in the header/ },
  );
  const units = meter('        self.data_columns = ["a"]\n        self.data_units = list(name)\n');
  t.match(
    validateDefinition('A', units, policy).warnings.find(({ code }) => code === 'unknown-units'),
    { message: /^The data_units of A cannot be read .*state data-units in the header/ },
  );
  t.notOk(warnings(meter('        self.data_columns = ["a"]\n')).includes('unknown-units'));
  const settings = meter('        self._define_settings({"gain": float(name), "mode": 1})\n');
  t.match(
    validateDefinition('A', settings, policy).warnings.find(
      ({ code }) => code === 'unknown-settings',
    ),
    { message: /^The defaults of gain .*state default-settings in the header/ },
  );
  const head = '# /// script\n# [tool.pybirch.default-settings]\n# gain = 1\n# ///\n';
  t.notOk(warnings(head + settings).includes('unknown-settings'));
});

t.test('a class that measures or has columns in its own way causes no warning', async (t) => {
  const own = meter(
    '        self.inner = 1\n    def perform_measurement(self):\n        return 1\n',
  );
  t.notOk(warnings(own).includes('no-measurement'));
  const wrapper = meter(
    '        self.inner = 1\n    def __getattr__(self, name):\n        return 1\n',
  );
  t.notOk(warnings(wrapper).some((code) => /^no-/.test(code)));
  t.ok(warnings(meter('        pass\n')).includes('no-measurement'));
});
