/** The commands `registry keys …`. */
import type { Deps } from '../open.ts';
import { OPERATOR } from '../services/caller.ts';
import { renewSigningKey, rotateSigningKey } from '../services/signing/signing-keys.ts';
import type { Terminal } from './terminal.ts';

export async function rotateKeys(deps: Deps, terminal: Terminal) {
  const { retired, current } = await rotateSigningKey(deps, OPERATOR);
  terminal.out(`New versions are signed with ${current.fingerprint} from now on.`);
  terminal.out(
    `Signatures by the old key ${retired.fingerprint}, made before ${retired.valid_before}, stay valid.`,
  );
  return 0;
}

export async function newKeys(deps: Deps, terminal: Terminal) {
  const { fingerprint } = await renewSigningKey(deps, OPERATOR);
  terminal.out(`New versions are signed with ${fingerprint} from now on.`);
  terminal.out('Enrol every lab computer again: until then, it accepts nothing new.');
  return 0;
}
