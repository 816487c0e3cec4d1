/** Opens repositories as a process of its own would, with a lease that ends when they are closed. */
import { dirname, join } from 'node:path';
import { openLeases } from '../../repos/leases.ts';
import { openRepositories } from '../../repos/store.ts';
import type { Repositories } from '../../repos/types.ts';

type Options = Omit<Parameters<typeof openRepositories>[0], 'leases'>;

export async function openWithLease(options: Options): Promise<Repositories> {
  const workshops = join(options.root, '.workshop');
  const leases = await openLeases(join(dirname(options.journal), 'leases'), workshops);
  const repositories = await openRepositories({ ...options, leases });
  const close = repositories.close.bind(repositories);
  repositories.close = async () => {
    await close();
    await leases.close();
  };
  return repositories;
}
