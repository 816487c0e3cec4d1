/** The checks that the registry itself runs for every head. */
import { drawing } from '../../../text/alike.ts';

export const OWN_CHECKS = ['validation', 'import-policy', 'conflict', 'interface'] as const;

const DRAWINGS = new Set(OWN_CHECKS.map(drawing));

/** Whether a name could be mistaken for one of these checks. Nobody may post such a check, and no policy may require it. */
export const isOwnCheck = (name: string): boolean => DRAWINGS.has(drawing(name));
