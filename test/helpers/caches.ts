/** The caches of one test, with the product's shares of memory. */
import { CACHE_SHARES } from '../../registry/cache-shares.ts';
import { Caches } from '../../repos/caches.ts';
import { openGitCaches } from '../../repos/git-caches.ts';

export const someCaches = (bytes = 64 * 1024 * 1024) => new Caches(bytes, CACHE_SHARES);

export const someGitCaches = () => openGitCaches(someCaches());
