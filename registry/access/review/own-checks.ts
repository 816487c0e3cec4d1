/** The checks that the registry itself makes at every head. */
import { drawing } from '../../../text/alike.ts';

export const OWN_CHECKS = ['validation', 'import-policy', 'conflict', 'interface'] as const;

const DRAWINGS = new Set(OWN_CHECKS.map(drawing));

/** Whether a check of this name would be taken for one of the registry's: nobody else posts one, and no policy asks for it. */
export const isOwnCheck = (name: string): boolean => DRAWINGS.has(drawing(name));
