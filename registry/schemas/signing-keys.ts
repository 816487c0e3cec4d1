/** The public keys that sign versions. */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, Nullable, Time } from './common.ts';

export const SigningKey = Type.Object({
  id: Id,
  public_key: Type.String({ description: 'As in a .pub file: ssh-ed25519 AAAA… registry' }),
  fingerprint: Type.String({ description: 'SHA256:…, as ssh-keygen and git print it' }),
  valid_after: Time,
  valid_before: Nullable(Time),
  change: Type.Optional(
    Type.Object(
      {
        document: Type.String({
          description: 'JSON: `number` and `keys`, all keys up to this one, oldest first',
        }),
        signatures: Type.Array(Type.String(), {
          description:
            'SSH signatures of it for keys@pybirch-registry, by this key and by the previous one',
        }),
      },
      {
        description:
          'How this key replaced the previous one, so that whoever trusts that one can check it',
      },
    ),
  ),
  allowed_signers: Type.String({
    description: 'The line for the file that gpg.ssh.allowedSignersFile of git names',
  }),
});
export type SigningKey = Static<typeof SigningKey>;
