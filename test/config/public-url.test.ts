import t from 'tap';
import { loadConfig } from '../../registry/config.ts';

t.test('PUBLIC_URL must be an origin without a path, and errors say what is wrong', async (t) => {
  for (const PUBLIC_URL of [
    'https://registry.example',
    'http://registry.example:8080/',
    'http://[::1]:80',
  ]) {
    t.match(loadConfig({ PUBLIC_URL }), { PUBLIC_URL });
  }
  for (const PUBLIC_URL of [
    'https://lab.example/registry',
    'https://lab.example/?a',
    'https://me:secret@lab.example',
    'ftp://lab.example',
    'lab.example',
  ]) {
    t.throws(() => loadConfig({ PUBLIC_URL }), /^PUBLIC_URL must be an address without a path/);
  }
});
