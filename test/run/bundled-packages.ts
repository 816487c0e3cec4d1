/** For `node --import`: test files load packages from the bundle, like the registry's own processes. */
import { useBundledPackages } from '../../registry/bundled-packages.ts';

useBundledPackages();
