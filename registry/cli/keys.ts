/** `registry keys …`. */
import type { Deps } from '../open.ts';
import { OPERATOR } from '../services/caller.ts';
import { rotateSigningKey } from '../services/signing/signing-keys.ts';
import type { Terminal } from './terminal.ts';

export async function rotateKeys(deps: Deps, terminal: Terminal) {
  const { retired, current } = await rotateSigningKey(deps, OPERATOR);
  terminal.out(`Versions are signed with ${current.fingerprint} from now on.`);
  terminal.out(`What ${retired.fingerprint} signed until ${retired.valid_before} stays valid.`);
  return 0;
}
