/** Schemas of the public keys for the signatures of versions. */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, Nullable, Time } from './common.ts';

export const SigningKey = Type.Object({
  id: Id,
  public_key: Type.String({
    description: 'The key in the format of a .pub file: ssh-ed25519 AAAA… registry',
  }),
  fingerprint: Type.String({
    description: 'The fingerprint as ssh-keygen and git print it: SHA256:…',
  }),
  valid_after: Time,
  valid_before: Nullable(Time),
  change: Type.Optional(
    Type.Object(
      {
        document: Type.String({
          description: 'JSON with `number` and `keys`: all keys up to this one, oldest first',
        }),
        signatures: Type.Array(Type.String(), {
          description:
            'SSH signatures of the document in the namespace keys@pybirch-registry: one by this key, one by the previous key',
        }),
      },
      {
        description:
          'A proof that this key replaced the previous key. Anyone who trusts the previous key can check the proof',
      },
    ),
  ),
  allowed_signers: Type.String({
    description: "The line for this key in the file of git's gpg.ssh.allowedSignersFile",
  }),
});
export type SigningKey = Static<typeof SigningKey>;
