import { defineEntity, p } from '@mikro-orm/core';
import type { Json } from '../../definitions/types.ts';
import { Definition } from './definition.ts';
import { Lab } from './lab.ts';

export const instrumentStatuses = ['available', 'in_use', 'maintenance', 'retired'] as const;
export type InstrumentStatus = (typeof instrumentStatuses)[number];

const schema = defineEntity({
  name: 'Instrument',
  tableName: 'instruments',
  indexes: [{ name: 'instruments_name_id_index', properties: ['name', 'id'] }],
  properties: {
    id: p.integer().primary(),
    lab_id: () =>
      p
        .manyToOne(Lab)
        .mapToPk()
        .joinColumn('lab_id')
        .index('instruments_lab_id_index')
        .deleteRule('no action'),
    name: p.text(),
    instrument_type: p.text().strictNullable(),
    /** The name of the class. The name shows which definition the instrument had if `definition_id` becomes null. */
    pybirch_class: p.text().strictNullable(),
    manufacturer: p.text().strictNullable(),
    model: p.text().strictNullable(),
    serial_number: p.text().strictNullable(),
    /** The usual address. The address that a computer uses is in the binding of the instrument. */
    adapter: p.text().strictNullable(),
    location: p.text().strictNullable(),
    status: p.enum(instrumentStatuses).default('available'),
    specifications: p.json<{ [key: string]: Json }>().defaultRaw(`'{}'`),
    extra_data: p.json<{ [key: string]: Json }>().defaultRaw(`'{}'`),
    definition_id: () =>
      p
        .manyToOne(Definition)
        .mapToPk()
        .joinColumn('definition_id')
        .strictNullable()
        .index('instruments_definition_id_index')
        .deleteRule('set null'),
    /** The version that the instrument always uses; null if it uses the newest one. */
    pinned_version: p.integer().strictNullable().check('pinned_version > 0'),
    created_at: p.datetime(3).defaultRaw('now()'),
    updated_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** A device of a lab, and the definition and version that it uses. */
export class Instrument extends schema.class {}
schema.setClass(Instrument);
