/** One's own tokens. */
import type { NewToken } from '../../registry/schemas/people.ts';
import { client } from './client.ts';

export type { CreatedToken, NewToken, Token } from '../../registry/schemas/people.ts';

export const listTokens = () => client.tokens.list();

/** The answer has the secret, this once. */
export const createToken = (token: NewToken) => client.tokens.create(token);

export const deleteToken = (id: number) => client.tokens.remove(id);
