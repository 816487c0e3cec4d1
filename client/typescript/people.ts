import type {
  CreatedToken,
  Lab,
  LabChange,
  Member,
  NewLab,
  NewToken,
  NewUser,
  Role,
  Token,
  User,
  UserChange,
  UserQuery,
} from '../../registry/schemas/people.ts';
import { type Http, type Page, type PageQuery, type Query, search } from './http.ts';

export function userCalls({ json, nothing }: Http) {
  return {
    list: (query: Query<UserQuery> = {}) => json<Page<User>>('GET', `/api/users${search(query)}`),
    create: (body: NewUser) => json<User>('POST', '/api/users', body),
    read: (id: number) => json<User>('GET', `/api/users/${id}`),
    change: (id: number, body: UserChange) => json<User>('PUT', `/api/users/${id}`, body),
    remove: (id: number) => nothing('DELETE', `/api/users/${id}`),
  };
}

export function labCalls({ json, nothing }: Http) {
  return {
    list: (query: PageQuery = {}) => json<Page<Lab>>('GET', `/api/labs${search(query)}`),
    create: (body: NewLab) => json<Lab>('POST', '/api/labs', body),
    read: (id: number) => json<Lab>('GET', `/api/labs/${id}`),
    change: (id: number, body: LabChange) => json<Lab>('PUT', `/api/labs/${id}`, body),
    remove: (id: number) => nothing('DELETE', `/api/labs/${id}`),
    members: (id: number, query: PageQuery = {}) =>
      json<Page<Member>>('GET', `/api/labs/${id}/members${search(query)}`),
    /** Adds a member. `who` is a full username or email address, or the id of a user whom the caller may see. */
    addMember: (id: number, who: number | { username: string } | { email: string }, role: Role) =>
      json<Member>('POST', `/api/labs/${id}/members`, {
        ...(typeof who === 'number' ? { user_id: who } : who),
        role,
      }),
    changeMember: (id: number, user_id: number, role: Role) =>
      json<Member>('PUT', `/api/labs/${id}/members/${user_id}`, { role }),
    removeMember: (id: number, user_id: number) =>
      nothing('DELETE', `/api/labs/${id}/members/${user_id}`),
  };
}

export function tokenCalls({ json, nothing }: Http) {
  return {
    list: () => json<Page<Token>>('GET', '/api/tokens'),
    create: (body: NewToken) => json<CreatedToken>('POST', '/api/tokens', body),
    remove: (id: number) => nothing('DELETE', `/api/tokens/${id}`),
  };
}
