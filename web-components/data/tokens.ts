/** The tokens of the signed-in user. */
import type { NewToken } from '../../registry/schemas/people.ts';
import { client } from './client.ts';

export type { CreatedToken, NewToken, Token } from '../../registry/schemas/people.ts';

export const listTokens = () => client.tokens.list();

/** Creates a token. The secret of the token appears only in this result. */
export const createToken = (token: NewToken) => client.tokens.create(token);

export const deleteToken = (id: number) => client.tokens.remove(id);
