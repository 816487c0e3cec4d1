import { Migration } from '@mikro-orm/migrations';

/**
 * Adds what the search of definitions reads: each definition's heading as text, and its words. The heading and the
 * words replace the lower-case copy of the whole text. `registry/store/search-words.ts` splits queries in the same way.
 * docs/decisions/0038-lists-and-search.md gives the reasons.
 */
export class RankedSearch extends Migration {
  override up(): void {
    for (const sql of functions) this.addSql(sql);
    this.addSql('drop index definitions_search_index');
    this.addSql(
      `alter table definitions drop column search,
         add column heading text generated always as
           (heading_of(name, display_name, manufacturer, category)) stored,
         add column words tsvector generated always as
           (words_of(name, display_name, manufacturer, category, description, source_code)) stored`,
    );
    // A GIN index keeps new entries in a pending list that every search scans. With the default limit of 4 MB, this
    // list grows so long that the planner ignores the index. PGlite has no autovacuum that would empty the list.
    this.addSql(
      'create index definitions_words_index on definitions using gin (words) with (gin_pending_list_limit = 256)',
    );
    this.addSql(
      `create index definitions_heading_index on definitions
         using gin (heading gin_trgm_ops) with (gin_pending_list_limit = 256)`,
    );
  }
}

/** A regular expression of PostgreSQL that matches ASCII except letters, digits and NUL. */
const SEPARATORS = String.raw`[\u0001-/:-@\[-\u0060{-\u007f]+`;

// Functions with loops are in PL/pgSQL, because one query per iteration would cost several times as much.
const functions = [
  // Splits a text into parts in lower case. The splits are at separators, between letters and digits, and between a
  // small letter and a capital.
  `create function search_parts(written text) returns text[] language sql immutable parallel safe as $$
     select array_remove(regexp_split_to_array(
       lower(regexp_replace(regexp_replace(regexp_replace(left(coalesce(written, ''), 1000),
         '([a-z])([A-Z])', '\\1 \\2', 'g'),
         '([A-Za-z])([0-9])', '\\1 \\2', 'g'),
         '([0-9])([A-Za-z])', '\\1 \\2', 'g')),
       '${SEPARATORS}'), '') $$`,

  // Returns the parts, and joins up to `most` neighbours to one word: a search for "lockin" finds "Lock-In".
  `create function search_joined(parts text[], most int) returns text[]
     language plpgsql immutable parallel safe as $$
     declare words text[] := '{}'; word text;
     begin
       for i in 1 .. cardinality(parts) loop
         word := '';
         for k in i .. least(i + most - 1, cardinality(parts)) loop
           word := word || parts[k];
           words := words || word;
         end loop;
       end loop;
       return words;
     end $$`,

  // Returns the first letters of several words: a search for "SRS" finds "Stanford Research Systems".
  `create function search_initials(parts text[]) returns text[] language plpgsql immutable parallel safe as $$
     declare initials text := ''; part text;
     begin
       if cardinality(parts) < 2 then return '{}'; end if;
       foreach part in array parts loop initials := initials || left(part, 1); end loop;
       return array[initials];
     end $$`,

  // The heading contains each name as one word after "=", the words of the names, "|", and the words of manufacturer and
  // category.
  `create function heading_of(name text, display_name text, manufacturer text, category text)
     returns text language plpgsql immutable parallel safe as $$
     declare
       named text[] := search_parts(name);
       shown text[] := search_parts(display_name);
       maker text[] := search_parts(manufacturer);
     begin
       return ' =' || array_to_string(named, '') || ' =' || array_to_string(shown, '') || ' '
         || array_to_string(search_joined(named, 3) || search_joined(shown, 3) || array['|']
              || search_joined(maker, 3) || search_initials(maker) || search_joined(search_parts(category), 3), ' ')
         || ' ';
     end $$`,

  // The words of a definition are: each name as one word after "="; every beginning of each word of the heading; after
  // "~" the heading's words, also without any one letter to find misspelt words; after ":" the words of the
  // description; after "." the words of the code.
  `create function words_of(name text, display_name text, manufacturer text, category text, description text, code text)
     returns tsvector language plpgsql immutable parallel safe as $$
     declare
       parts text[] := search_parts(name) || search_parts(display_name) || search_parts(manufacturer)
         || search_parts(category);
       words text[] := '{}';
       word text;
     begin
       for word in select distinct left(w, case when w like '=%' then 41 else 20 end)
           from unnest(string_to_array(heading_of(name, display_name, manufacturer, category), ' ')) w
          where w not in ('', '|') loop
         if word like '=%' then
           if word <> '=' then words := words || word; end if;
         else
           for n in 1 .. length(word) loop words := words || left(word, n); end loop;
           if length(word) > 3 and word !~ '[0-9]' and (length(word) < 10 or word = any (parts)) then
             words := words || ('~' || word);
             for n in 1 .. length(word) loop
               words := words || ('~' || left(word, n - 1) || substr(word, n + 1));
             end loop;
           end if;
         end if;
       end loop;
       foreach word in array search_joined(search_parts(description), 2) loop
         words := words || (':' || left(word, 40));
       end loop;
       return array_to_tsvector(words || array(select distinct '.' || left(w, 40)
         from unnest(regexp_split_to_array(lower(left(code, 200000)), '${SEPARATORS}')) w where w <> ''));
     end $$`,
];
