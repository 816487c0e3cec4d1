/** Schemas of users, sessions, tokens, labs and memberships (docs/contract.md, section 5). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { CheckPoster, Id, Line, Nullable, PageQuery, Text, Time } from './common.ts';

const dotted = (part: string): string => `${part}(\\.${part})*`;

export const Username = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' });
/**
 * The pattern of e-mail addresses. The pattern allows only one spelling for each mailbox, except for case and
 * sub-addresses, which comparisons ignore. So an address must not contain quotes, empty parts, or letters that mail
 * servers replace by others (RFC 5321, sections 2.3.11 and 4.1.2). Domains are as in DNS.
 */
export const ADDRESS = `^${dotted("[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")}@${dotted('[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?')}$`;
const Password = Text({ minLength: 8, maxLength: 1024 });
const Email = Line({ maxLength: 254, pattern: ADDRESS });
/**
 * The name of a person. Commits contain the name, so it must not have angle brackets or line ends (git-commit-tree(1)).
 */
const PersonName = Line({
  minLength: 1,
  maxLength: 200,
  pattern: '^\\s*[^<>\\s][^<>]*$',
});
export const Role = Type.Enum(['viewer', 'contributor', 'admin']);
export type Role = Static<typeof Role>;
export const Scope = Type.Enum(['read', 'write', 'admin']);

export const User = Type.Object({
  id: Id,
  username: Type.String(),
  name: Type.String(),
  email: Type.String(),
  is_admin: Type.Boolean(),
  disabled: Type.Boolean(),
  created_at: Time,
});
export type User = Static<typeof User>;

export const NewUser = Type.Object({
  username: Username,
  password: Password,
  name: PersonName,
  email: Email,
  is_admin: Type.Optional(Type.Boolean()),
});
export type NewUser = Static<typeof NewUser>;

export const UserChange = Type.Partial(
  Type.Object({
    username: Username,
    password: Password,
    current_password: Text({
      maxLength: 1024,
      description:
        'Your current password. Required if a request with a session cookie changes your password',
    }),
    name: PersonName,
    email: Email,
    is_admin: Type.Boolean(),
    disabled: Type.Boolean(),
  }),
);
export type UserChange = Static<typeof UserChange>;

export const UserQuery = Type.Object({
  ...PageQuery,
  q: Type.Optional(Text({ maxLength: 200 })),
  username: Type.Optional(
    Text({ maxLength: 200, description: 'The complete username. Case-insensitive' }),
  ),
});

export type UserQuery = Static<typeof UserQuery>;

/** An account as shown to a lab admin who looks it up by its username. */
export const FoundUser = Type.Object({ id: Id, username: Type.String(), name: Type.String() });

export const Credentials = Type.Object({
  username: Type.String({ maxLength: 200 }),
  password: Type.String({ maxLength: 1024 }),
});

export const Session = Type.Object({ token: Type.String(), user: User });
export type Session = Static<typeof Session>;

/** The account of the caller, with its labs and roles. */
export const Me = Type.Object({
  user: User,
  has_password: Type.Boolean({ description: 'Whether the account has a password' }),
  password_expires_at: Type.Union([Time, Type.Null()], {
    description: 'When the generated password expires. Null if the person chose the password',
  }),
  identities: Type.Array(Type.Object({ issuer: Type.String(), linked_at: Time }), {
    description: 'The OpenID providers that are linked to the account',
  }),
  labs: Type.Array(
    Type.Object({ lab_id: Id, code: Type.String(), name: Type.String(), role: Role }),
  ),
  scope: Scope,
});
export type Me = Static<typeof Me>;

export const NewToken = Type.Object({
  name: Line({ minLength: 1, maxLength: 100 }),
  scope: Scope,
  expires_at: Type.Optional(Nullable(Time)),
});
export type NewToken = Static<typeof NewToken>;

export const Token = Type.Object({
  id: Id,
  name: Type.String(),
  scope: Scope,
  hint: Type.String({ description: 'The first characters of the secret' }),
  expires_at: Nullable(Time),
  last_used_at: Nullable(Time),
  created_at: Time,
});
export type Token = Static<typeof Token>;
export const CreatedToken = Type.Object({
  id: Id,
  name: Type.String(),
  scope: Scope,
  expires_at: Nullable(Time),
  token: Type.String({ description: 'The secret. No other answer shows the secret' }),
});
export type CreatedToken = Static<typeof CreatedToken>;

const ModuleNames = Type.Array(
  Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$', maxLength: 200 }),
  { maxItems: 500 },
);

const OwnerRule = Type.Object({
  pattern: Type.Optional(
    Line({ minLength: 1, maxLength: 200, description: 'A pattern for paths, as in .gitignore' }),
  ),
  category: Type.Optional(Line({ minLength: 1, maxLength: 200 })),
  manufacturer: Type.Optional(Line({ minLength: 1, maxLength: 200 })),
  users: Type.Array(Id, { minItems: 1, maxItems: 100 }),
});

const Policy = {
  direct_landing: Type.Enum(['admins', 'nobody']),
  required_approvals: Type.Integer({ minimum: 0, maximum: 20 }),
  allow_self_approval: Type.Boolean(),
  required_checks: Type.Record(Type.String(), CheckPoster, {
    propertyNames: Line({ minLength: 1, maxLength: 100 }),
  }),
  bench_authors: Type.Union([Type.Array(Id, { maxItems: 500 }), Type.Null()], {
    description:
      'The accounts whose changes the bench computers of the lab may run. Everybody who opened, pushed or wrote a change must be one of them. Null: benches run the changes of everybody who may propose',
  }),
  owners: Type.Array(OwnerRule, {
    maxItems: 200,
    description:
      'Rules for approvals. If all criteria of a rule match a change, one of the users in the rule must approve the change',
  }),
  banned_imports: ModuleNames,
  allowed_imports: ModuleNames,
  public_definitions: Type.Enum(['follow', 'pin', 'none'], {
    description:
      "Which versions of other labs' public definitions the lab's computers get. `follow`: always the newest. `pin`: the version that was newest when the instrument got the definition, until a lab admin selects a newer one. `none`: no version",
  }),
};
const LabName = Line({ minLength: 1, maxLength: 200 });
const LabCode = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$' });

export const Lab = Type.Object({
  id: Id,
  name: Type.String(),
  code: Type.String(),
  ...Policy,
  disabled: Type.Boolean(),
  created_at: Time,
});
export type Lab = Static<typeof Lab>;

export const NewLab = Type.Object({
  name: LabName,
  code: LabCode,
  ...Type.Partial(Type.Object(Policy)).properties,
});
export type NewLab = Static<typeof NewLab>;
export const LabChange = Type.Partial(
  Type.Object({ name: LabName, code: LabCode, ...Policy, disabled: Type.Boolean() }),
);
export type LabChange = Static<typeof LabChange>;

export const Member = Type.Object({
  user_id: Id,
  username: Type.String(),
  name: Type.String(),
  role: Role,
  created_at: Time,
});
export type Member = Static<typeof Member>;
export const NewMember = Type.Object({
  username: Type.Optional(
    Text({
      minLength: 1,
      maxLength: 200,
      description: 'The complete username. Case-insensitive',
    }),
  ),
  email: Type.Optional(
    Text({
      minLength: 1,
      maxLength: 254,
      description: 'The complete address. Case-insensitive',
    }),
  ),
  user_id: Type.Optional(
    Type.Integer({
      ...Id,
      description:
        'The account, which must be in one of your labs. Site admins can specify any account',
    }),
  ),
  role: Role,
});
export type NewMember = Static<typeof NewMember>;
export const MemberChange = Type.Object({ role: Role });
export const MemberParams = Type.Object({ id: Id, user_id: Id });
