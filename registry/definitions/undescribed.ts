import type { Metadata } from './types.ts';

/** Of what is not read: its name, and that everything else is not known. */
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
