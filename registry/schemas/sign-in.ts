/** Schemas of the ways to sign in, and of the steps of single sign-on. */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Nullable } from './common.ts';

export const AuthMethods = Type.Object({
  password: Type.Boolean({ description: 'Whether accounts can sign in with a password' }),
  single_sign_on: Nullable(
    Type.Object({
      issuer: Type.String({ description: 'The address of the OpenID provider' }),
      start: Type.String({
        description:
          'The address to open in the browser. `?return_to=` sets the path to open after the sign-in',
      }),
    }),
  ),
});
export type AuthMethods = Static<typeof AuthMethods>;

export const SignOnStart = Type.Object({
  return_to: Type.Optional(
    Type.String({
      maxLength: 2000,
      description: 'The path to open after the sign-in. Default: the first page',
    }),
  ),
});

export const SignOnAddress = Type.Object({
  address: Type.String({ description: 'The address to open in the browser' }),
});

/**
 * The query parameters that the provider adds when it redirects the browser back (RFC 6749, section 4.1.2; RFC 9207).
 */
export const SignOnAnswer = Type.Object({
  code: Type.Optional(Type.String()),
  state: Type.Optional(Type.String()),
  iss: Type.Optional(Type.String()),
  error: Type.Optional(Type.String()),
});
