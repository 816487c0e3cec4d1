/** Shapes that every resource of the HTTP API shares. */
import type { Static, TSchema } from 'typebox';
import { Type } from './build.ts';

export const Id = Type.Integer({ minimum: 1, maximum: 2147483647 });
export const Time = Type.String({
  format: 'date-time',
  description: 'RFC 3339 with a time zone; answers are in UTC',
});

/** Keyword of a string that is converted to Unicode's normal form C: keyboards and file systems encode umlauts differently. */
export const COMPOSED = 'x-composed';

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const IdParams = Type.Object({ id: Id });

/** The length of the longest cursor: two texts of 500 characters, each of which JSON may escape to 6 bytes. */
export const CURSOR_LENGTH = 10_000;

/** Query of a list of few items. */
export const NumberedPageQuery = {
  page: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 }),
  per_page: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
};

/** Query of every other list. */
export const PageQuery = {
  ...NumberedPageQuery,
  after: Type.Optional(
    Type.String({
      maxLength: CURSOR_LENGTH,
      pattern: '^[A-Za-z0-9_-]+$',
      description:
        '`next` of the previous page: the list continues there, whatever was added or deleted in between. `page` then has no effect',
    }),
  ),
};

export interface PageOf {
  page: number;
  per_page: number;
  after?: string;
}

export const List = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    total: Type.Integer({ description: 'Number of items on all pages, counted up to 10,000' }),
    total_at_least: Type.Optional(
      Type.Literal(true, { description: 'There are more items than `total`' }),
    ),
    page: Type.Integer(),
    per_page: Type.Integer(),
    next: Type.Optional(
      Type.String({ description: '`after` of the next page; missing on the last page' }),
    ),
  });

export const ProblemDocument = Type.Object(
  {
    type: Type.String({
      description:
        'The address that explains the code: `/problems/<code>`, relative to the registry',
    }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'The kind of problem. It is stable, for programs' }),
    detail: Type.String({ description: 'What happened and what to do next' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          { path: Type.String(), message: Type.String() },
          { additionalProperties: true },
        ),
      ),
    ),
    free_name: Type.Optional(
      Type.String({ description: 'With `name_taken`: a similar name that is free' }),
    ),
  },
  { $id: 'Problem', description: 'RFC 9457 problem document' },
);
export type ProblemDocument = Static<typeof ProblemDocument>;

/** A problem code with its explanation. */
export const ProblemKind = Type.Object({
  type: Type.String(),
  code: Type.String(),
  status: Type.Integer(),
  title: Type.String(),
  what: Type.String({ description: 'What happened' }),
  why: Type.String({ description: 'Why the registry answers this way' }),
  next: Type.String({ description: 'What to do next' }),
});

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Keyword of an object with any properties: the largest number of values, at all depths together. */
export const MOST_VALUES = 'x-most-values';
/** Keyword of the same: the largest number of characters of its names and texts together. */
export const MOST_CHARACTERS = 'x-most-characters';

/** Any JSON object: schemas and settings that the registry does not interpret. */
export type JsonObject = { [key: string]: Json };
export const JsonObject = Type.Unsafe<JsonObject>({
  type: 'object',
  additionalProperties: true,
  [MOST_VALUES]: 10_000,
  [MOST_CHARACTERS]: 262_144,
});

interface TextOptions {
  minLength?: number;
  maxLength: number;
  pattern?: string;
  'x-composed'?: boolean;
  description?: string;
}

/** Matches text that contains more than white space. */
export const NOT_BLANK = '\\S';

/** A text that must not be empty must not be blank either. */
const notBlank = ({ minLength = 0 }: TextOptions) => minLength > 0 && { pattern: NOT_BLANK };

/** A name or a title: one line without invisible characters (`formats.ts`). Texts for people are this or `Prose`. */
export const Line = (options: TextOptions) =>
  Type.String({ ...notBlank(options), ...options, format: 'line' });

/** Text of several lines without invisible characters; tabs are permitted. */
export const Prose = (options: TextOptions) =>
  Type.String({ ...notBlank(options), ...options, format: 'prose' });

/**
 * Text that is compared and not shown: secrets and search words, which must match older rows. NUL is refused, because
 * PostgreSQL cannot store it.
 */
export const Text = (options: TextOptions) => Type.String({ ...options, pattern: '^[^\\u0000]*$' });
