/** Uses ssh-keygen as the oracle for signatures. */
import { spawnSync } from 'node:child_process';

/**
 * The reason to skip tests that need ssh-keygen, for tap's `skip`; false if ssh-keygen works. Times in UTC need OpenSSH
 * 9.1.
 */
export const noKeygen: string | false = (() => {
  const { stderr, error } = spawnSync('ssh', ['-V'], { encoding: 'utf8' });
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(stderr ?? '') ?? [];
  const isNew = Number(major) > 9 || (Number(major) === 9 && Number(minor) >= 1);
  if (!error && isNew && !spawnSync('ssh-keygen', ['-?']).error) return false;
  const reason =
    'SKIPPED: this machine has no ssh-keygen of OpenSSH 9.1 or newer, which stock git needs to verify signatures';
  process.stderr.write(`${reason}\n`);
  return reason;
})();

export function keygen(args: string[], input?: Uint8Array) {
  const { status, stdout, stderr } = spawnSync('ssh-keygen', args, { input: input ?? '' });
  return { code: status, stdout: stdout.toString(), stderr: stderr.toString() };
}
