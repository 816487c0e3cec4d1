/** The public keys that versions are signed with. */
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
          description: 'JSON: `number` and `keys`, all up to this one, oldest first',
        }),
        signatures: Type.Array(Type.String(), {
          description:
            'SSH signatures over it for keys@pybirch-registry: by this key and by the one before',
        }),
      },
      { description: 'How this key took over; whoever trusts the key before can check it' },
    ),
  ),
  allowed_signers: Type.String({
    description: 'The line for the file that git names gpg.ssh.allowedSignersFile',
  }),
});
export type SigningKey = Static<typeof SigningKey>;
