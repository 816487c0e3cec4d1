import type { Metadata } from './types.ts';

/** The metadata of files that were not read. Only the name of the definition is known. */
export function undescribed(name: string): Metadata {
  return {
    display_name: name,
    description: null,
    instrument_type: null,
    category: null,
    manufacturer: null,
    status: 'operational',
    base_class: null,
    dependencies: [],
    settings_schema: null,
    default_settings: null,
    data_columns: null,
    data_units: null,
    position_column: null,
    position_units: null,
  };
}
