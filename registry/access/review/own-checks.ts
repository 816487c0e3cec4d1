/** The checks that the registry itself runs for every head of a merge request. */
import { drawing } from '../../../text/alike.ts';

export const OWN_CHECKS = ['validation', 'import-policy', 'conflict', 'interface'] as const;

const DRAWINGS = new Set(OWN_CHECKS.map(drawing));

/**
 * Whether a name equals the name of one of the registry's own checks, or looks like it. Nobody may post a check with
 * such a name, and no policy may require one.
 */
export const isOwnCheck = (name: string): boolean => DRAWINGS.has(drawing(name));
