/**
 * A module for `node --import`. This module makes test files load packages from the bundle, as the registry's own
 * processes do.
 */
import { useBundledPackages } from '../../registry/bundled-packages.ts';

useBundledPackages();
