/** Schemas that all resources of the HTTP API use. */
import type { Static, TSchema } from 'typebox';
import { Type } from './build.ts';

export const Id = Type.Integer({ minimum: 1, maximum: 2147483647 });
export const Time = Type.String({
  format: 'date-time',
  description: 'A time in the format of RFC 3339, with a time zone. Answers use UTC',
});

/**
 * A schema keyword: the string is converted to Unicode's normal form C. Without the conversion, the same name could be
 * stored in two forms, because keyboards and file systems encode umlauts differently.
 */
export const COMPOSED = 'x-composed';

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** Who must post a required check. One schema, because the serializer would compile a validator for a choice of two. */
export const CheckPoster = Type.Unsafe<number | '@bench'>({
  type: ['integer', 'string'],
  minimum: 1,
  maximum: 2147483647,
  pattern: '^@bench$',
  description:
    'The id of the account that must post the check. For the check `tests`: `@bench`, any bench computer of the lab',
});

export const IdParams = Type.Object({ id: Id });

/**
 * The most characters of a cursor. A cursor may contain two texts of 500 characters, and JSON may need 6 bytes for each
 * character.
 */
export const CURSOR_LENGTH = 10_000;

/** The query parameters of lists with few items. */
export const NumberedPageQuery = {
  page: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 }),
  per_page: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
};

/** The query parameters of all other lists. */
export const PageQuery = {
  ...NumberedPageQuery,
  after: Type.Optional(
    Type.String({
      maxLength: CURSOR_LENGTH,
      pattern: '^[A-Za-z0-9_-]+$',
      description:
        '`next` of the previous page. The list continues exactly after the previous page, even if items were added or deleted meanwhile. With `after`, the registry ignores `page`',
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
    total: Type.Integer({ description: 'The number of items on all pages, counted up to 10,000' }),
    total_at_least: Type.Optional(
      Type.Literal(true, { description: 'There are more items than `total`' }),
    ),
    page: Type.Integer(),
    per_page: Type.Integer(),
    next: Type.Optional(
      Type.String({
        description: 'The value of `after` for the next page. Missing on the last page',
      }),
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
    code: Type.String({ description: 'The kind of problem. Programs can rely on this code' }),
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

/** A problem code and its explanation. */
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

/** A schema keyword for objects with any properties: the most values in it, at all depths together. */
export const MOST_VALUES = 'x-most-values';
/** A schema keyword for objects with any properties: the most characters of its names and texts together. */
export const MOST_CHARACTERS = 'x-most-characters';

/** Any JSON object, for schemas and settings that the registry stores without understanding them. */
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

/** A pattern for texts that contain more than white space. */
export const NOT_BLANK = '\\S';

/** If a text must not be empty, it must also contain more than white space. */
const notBlank = ({ minLength = 0 }: TextOptions) => minLength > 0 && { pattern: NOT_BLANK };

/** A text of one line without invisible characters, such as a name or a title (see `formats.ts`). */
export const Line = (options: TextOptions) =>
  Type.String({ ...notBlank(options), ...options, format: 'line' });

/** A text of several lines without invisible characters. Tabs are allowed. */
export const Prose = (options: TextOptions) =>
  Type.String({ ...notBlank(options), ...options, format: 'prose' });

/**
 * A text that is only compared and never shown, such as a secret or a search word. The text may contain invisible
 * characters, because stored texts may contain them too. NUL is refused, because PostgreSQL cannot store it.
 */
export const Text = (options: TextOptions) => Type.String({ ...options, pattern: '^[^\\u0000]*$' });
