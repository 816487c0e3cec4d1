import { MAIN } from '../../../repos/landing.ts';
import { ATTESTED } from '../../definitions/record.ts';

const TAG = new RegExp(`^refs/tags/(v[0-9]+|${ATTESTED})$`);

/** `main`, the tags of versions and the one that lists old versions: what everybody gets who sees the definition. */
export const isVersionRef = (ref: string): boolean => ref === MAIN || TAG.test(ref);
