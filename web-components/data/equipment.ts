/** Instruments, computers, and what is bound where. */
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

/** By its name; null for no name. Rejects with a problem where there is none that one may see. */
export async function definitionId(name: string | null): Promise<number | null> {
  return name === null ? null : (await readDefinition(name)).id;
}

export const listComputers = (query: Partial<ComputerQuery>) => computers.list(query);

/** Rejects with a problem, as an id would, where no computer of that name is to be seen. */
export async function readComputer(name: string) {
  const { items } = await computers.list({ computer_name: name });
  const [computer] = items;
  if (computer) return computer;
  throw new RegistryError({
    type: 'about:blank',
    title: 'There is no such computer',
    status: 404,
    code: 'not_found',
    detail: `No computer of your labs is called “${name}”.`,
  });
}

export const changeComputer = (id: number, body: ComputerChange) => computers.change(id, body);
export const removeComputer = (id: number) => computers.remove(id);
/** A code for one computer of this lab; it is in the answer, and nowhere else. */
export const createCode = (labId: number) => computers.createCode(labId);

export const listBindings = (query: Partial<BindingQuery>) =>
  bindings.list({ per_page: 500, ...query });
export const bind = (instrument: number, computer: string, body: BindingChange) =>
  instruments.bind(instrument, computer, body);
export const changeBinding = (id: number, body: BindingChange) => bindings.change(id, body);
export const unbind = (id: number) => bindings.remove(id);
