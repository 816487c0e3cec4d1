/** Definitions for a computer that never has a network. The lab computers' package reads the registry's bundle. */
import { join } from 'node:path';
import t from 'tap';
import { exportDefinitions } from '../../registry/cli/folders.ts';
import { startLab } from '../helpers/lab.ts';
import { CLIENT, pythonWith, runsTheClient } from '../helpers/python.ts';
import { measurement } from '../helpers/registry.ts';
import { openComputer } from './computer.ts';

t.setTimeout(240_000);

await pythonWith(CLIENT);
const skip = !(await runsTheClient()) && 'needs Python 3.11';

await t.test(
  'a bundle brings definitions to a computer that knows the key',
  { skip },
  async (t) => {
    const lab = await startLab(t);
    const { ada } = lab;
    const { id } = await ada.client.definitions.create({
      name: 'Meter',
      source_code: measurement('Meter'),
    });
    await ada.client.definitions.change(id, { source_code: measurement('Meter', 2) });
    await ada.client.definitions.change(id, { source_code: measurement('Meter', 3) });
    await ada.client.definitions.revoke(id, 3, 'drifts');
    const computer = await openComputer(t, 'ISLAND-PC', lab.url);
    computer.network.cut();
    const file = join(computer.home, '..', 'definitions.zip');
    const output: string[] = [];
    const terminal = { out: (text: string) => output.push(text), err: t.fail, progress() {} };
    t.equal(
      await exportDefinitions(lab.deps, terminal as never, {
        folder: file,
        bundle: true,
        lab: 'nano',
      }),
      0,
    );
    t.match(output, [/^1 definitions written/]);

    const [key] = (await lab.anonymous.signingKeys()).items;
    const refused = await computer.command('import-bundle', file);
    t.match(refused, { code: 3, value: { error: { code: 'not_enrolled' } } });
    t.match(JSON.stringify(refused.value), key?.fingerprint, 'it names the keys in the file');
    const taken = await computer.command(
      'import-bundle',
      file,
      '--trust',
      key?.fingerprint as string,
    );
    t.match(taken, { code: 0, value: { came: ['Meter v2'], refused: {} } });

    const program = await computer.program();
    t.same(
      await program.run(`
meter = registry.create("Meter")
result = [meter.perform_measurement()[0][0], meter._definition["version"], meter._definition["approved_by"],
          registry.create("Meter", version=1).perform_measurement()[0][0]]`),
      [2, 2, ['ada'], 1],
    );
    await t.rejects(program.run('registry.create("Meter", version=3)'), /revoked: drifts/);
  },
);
