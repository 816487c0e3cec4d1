import { defineEntity, p } from '@mikro-orm/core';
import type { Json } from '../../definitions/types.ts';
import { Computer } from './computer.ts';
import { Instrument } from './instrument.ts';

const schema = defineEntity({
  name: 'ComputerBinding',
  tableName: 'computer_bindings',
  uniques: [
    {
      name: 'computer_bindings_instrument_id_computer_key',
      properties: ['instrument_id', 'computer'],
    },
    { name: 'computer_bindings_computer_key_key', properties: ['computer', 'key'] },
    {
      name: 'computer_bindings_primary_key',
      expression:
        'create unique index "computer_bindings_primary_key" on "computer_bindings" ("instrument_id") where is_primary',
    },
  ],
  properties: {
    id: p.integer().primary(),
    instrument_id: () =>
      p
        .manyToOne(Instrument)
        .mapToPk()
        .joinColumn('instrument_id')
        .index(false)
        .deleteRule('cascade'),
    computer: () =>
      p.manyToOne(Computer).mapToPk().joinColumn('computer').index(false).deleteRule('cascade'),
    /** The id of the machine that connected the instrument, as `Computer.computer_id`; null if unknown. */
    computer_id: p.text().strictNullable(),
    /** The user on that machine; null if unknown. */
    username: p.text().strictNullable(),
    /** The instrument's address on the computer, usually a VISA resource name. */
    adapter: p.text().strictNullable(),
    adapter_type: p.text().strictNullable(),
    /** True for at most one binding of an instrument. */
    is_primary: p.boolean(),
    last_connected: p.datetime(3).strictNullable(),
    last_settings: p.json<{ [key: string]: Json }>().defaultRaw(`'{}'`),
    /**
     * The computer's own id for a binding that it created, so that a repeated request does not create a second binding.
     */
    key: p.text().strictNullable(),
    created_at: p.datetime(3).defaultRaw('now()'),
    updated_at: p.datetime(3).defaultRaw('now()'),
  },
});

/** On which computer, and at which address, an instrument is used. */
export class ComputerBinding extends schema.class {}
schema.setClass(ComputerBinding);
