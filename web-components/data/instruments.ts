/** Instruments, and where they are bound. */
import type { InstrumentQuery } from '../../registry/schemas/equipment.ts';
import { client } from './client.ts';

export type { Instrument } from '../../registry/schemas/equipment.ts';

export const listInstruments = (query: Partial<InstrumentQuery>) => client.instruments.list(query);
