/** Instruments, computers and bindings. */
import type {
  BindingChange,
  BindingQuery,
  ComputerChange,
  ComputerQuery,
  InstrumentChange,
  InstrumentQuery,
  NewInstrument,
} from '../../registry/schemas/equipment.ts';
import { client, RegistryError } from './client.ts';
import { readDefinition } from './definitions.ts';

export type {
  Binding,
  BindingChange,
  Computer,
  EnrolmentCode,
  Instrument,
  InstrumentChange,
  InstrumentQuery,
} from '../../registry/schemas/equipment.ts';

const { instruments, computers, bindings } = client;

export const listInstruments = (query: Partial<InstrumentQuery>) => instruments.list(query);
export const readInstrument = (id: number) => instruments.read(id);
export const createInstrument = (body: NewInstrument) => instruments.create(body);
export const changeInstrument = (id: number, body: InstrumentChange) =>
  instruments.change(id, body);
export const removeInstrument = (id: number) => instruments.remove(id);

/**
 * The id of the definition with this name, or null for no name. Rejects with a problem if the user cannot see such a
 * definition.
 */
export async function findDefinitionId(name: string | null): Promise<number | null> {
  return name === null ? null : (await readDefinition(name)).id;
}

export const listComputers = (query: Partial<ComputerQuery>) => computers.list(query);

/** Rejects with a 404 problem if the user cannot see a computer with this name. */
export async function readComputer(name: string) {
  const { items } = await computers.list({ computer_name: name });
  const [computer] = items;
  if (computer) return computer;
  throw new RegistryError({
    type: 'about:blank',
    title: 'There is no such computer',
    status: 404,
    code: 'not_found',
    detail: `No computer in your labs is named “${name}”.`,
  });
}

export const changeComputer = (id: number, body: ComputerChange) => computers.change(id, body);
export const removeComputer = (id: number) => computers.remove(id);
/** Creates an enrolment code for one computer of this lab. The enrolment code appears only in this result. */
export const createCode = (labId: number) => computers.createCode(labId);

export const listBindings = (query: Partial<BindingQuery>) =>
  bindings.list({ per_page: 500, ...query });
export const bind = (instrument: number, computer: string, body: BindingChange) =>
  instruments.bind(instrument, computer, body);
export const changeBinding = (id: number, body: BindingChange) => bindings.change(id, body);
export const unbind = (id: number) => bindings.remove(id);
