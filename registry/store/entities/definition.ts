import { defineEntity, p } from '@mikro-orm/core';
import type { DefinitionStatus, InstrumentType, Json } from '../../definitions/types.ts';
import { Lab } from './lab.ts';
import { User } from './user.ts';

const instrumentTypes: readonly InstrumentType[] = ['movement', 'measurement'];
const statuses: readonly DefinitionStatus[] = [
  'operational',
  'development',
  'testing',
  'deprecated',
  'experimental',
];

const schema = defineEntity({
  name: 'Definition',
  tableName: 'definitions',
  uniques: [
    {
      name: 'definitions_name_key',
      expression: 'create unique index "definitions_name_key" on "definitions" (lower("name"))',
    },
  ],
  indexes: [
    { name: 'definitions_name_id_index', properties: ['name', 'id'] },
    {
      name: 'definitions_words_index',
      expression: 'create index "definitions_words_index" on "definitions" using gin ("words")',
    },
    {
      name: 'definitions_heading_index',
      expression:
        'create index "definitions_heading_index" on "definitions" using gin ("heading" gin_trgm_ops)',
    },
  ],
  properties: {
    /** Taken from the table's sequence before the repository is written. */
    id: p.integer().primary(),
    /**
     * The name of the class and of the repository. No two definitions have the same name, not even archived ones or in
     * different case.
     */
    name: p.text(),
    lab_id: () =>
      p
        .manyToOne(Lab)
        .mapToPk()
        .joinColumn('lab_id')
        .strictNullable()
        .index('definitions_lab_id_index')
        .deleteRule('no action'),
    created_by: () =>
      p
        .manyToOne(User)
        .mapToPk()
        .joinColumn('created_by')
        .strictNullable()
        .index('definitions_created_by_index')
        .deleteRule('set null'),
    is_public: p.boolean().default(false),
    is_builtin: p.boolean().default(false),
    archived_at: p.datetime(3).strictNullable(),
    /** The number of the newest version; null while the definition is only proposed. */
    version: p.integer().strictNullable(),
    /** The commit of the newest version. */
    head: p.text().strictNullable(),
    display_name: p.text().index('definitions_display_name_index'),
    description: p.text().strictNullable(),
    instrument_type: p
      .text()
      .$type<InstrumentType>()
      .strictNullable()
      .check(oneOf('instrument_type', instrumentTypes))
      .index('definitions_instrument_type_index'),
    category: p.text().strictNullable().index('definitions_category_index'),
    manufacturer: p.text().strictNullable().index('definitions_manufacturer_index'),
    status: p
      .text()
      .$type<DefinitionStatus>()
      .check(oneOf('status', statuses))
      .index('definitions_status_index'),
    base_class: p.text().strictNullable(),
    dependencies: p.json<string[]>().defaultRaw(`'[]'`),
    settings_schema: p.json<{ [key: string]: Json }>().strictNullable(),
    default_settings: p.json<{ [key: string]: Json }>().strictNullable(),
    data_columns: p.json<string[]>().strictNullable(),
    data_units: p.json<string[]>().strictNullable(),
    position_column: p.text().strictNullable(),
    position_units: p.text().strictNullable(),
    /** Banned imports that the newest version may use. */
    permissions: p.json<string[]>().defaultRaw(`'[]'`),
    /** The text of the main file at `head`. Loaded only on request. */
    source_code: p.text().default('').lazy(),
    created_at: p.datetime(3).defaultRaw('now()').index('definitions_created_at_index'),
    updated_at: p.datetime(3).defaultRaw('now()').index('definitions_updated_at_index'),
  },
});

/** The index entry of a definition: the searchable content of its repository. */
export class Definition extends schema.class {}
schema.setClass(Definition);

function oneOf(column: string, values: readonly string[]): string {
  return `${column} in (${values.map((value) => `'${value}'`).join(', ')})`;
}
