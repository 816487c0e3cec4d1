/** Opens the embedded database in the given folder, adds a user, and keeps running. */
import { StoreError } from '../../registry/store/errors.ts';
import { openStore } from '../../registry/store/open.ts';
import { createUser } from '../../registry/store/users.ts';

const [folder = ''] = process.argv.slice(2);
try {
  const store = await openStore({ folder });
  await createUser(store.em(), { username: `opener-${process.pid}` });
  console.log('ready');
  // Ends together with the test process, in case the test does not kill it.
  process.stdin.on('close', () => process.exit()).resume();
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  console.log(error.code);
}
