/** Instruments, computers, and the bindings between them. */
import type {
  Binding,
  BindingChange,
  BindingQuery,
  Computer,
  ComputerChange,
  ComputerQuery,
  Enrolled,
  Enrolment,
  EnrolmentCode,
  FoundBinding,
  Instrument,
  InstrumentChange,
  InstrumentQuery,
  NewBinding,
  NewComputer,
  NewInstrument,
  NewInstrumentHere,
} from '../../registry/schemas/equipment.ts';
import { type Http, type Page, type PageQuery, type Query, search } from './http.ts';

const instruments = '/api/instruments';
const computers = '/api/computers';
const bindings = '/api/computer-bindings';
const computer = (id: number | string) => `${computers}/${encodeURIComponent(id)}`;

export const instrumentCalls = ({ json, nothing }: Http) => ({
  list: (query: Query<InstrumentQuery> = {}) =>
    json<Page<Instrument>>('GET', instruments + search(query)),
  create: (body: NewInstrument) => json<Instrument>('POST', instruments, body),
  read: (id: number) => json<Instrument>('GET', `${instruments}/${id}`),
  change: (id: number, body: InstrumentChange) =>
    json<Instrument>('PUT', `${instruments}/${id}`, body),
  remove: (id: number) => nothing('DELETE', `${instruments}/${id}`),
  /** Binds the instrument to a computer. If the instrument is already bound to the computer, changes the binding. */
  bind: (id: number, computer: string, body: BindingChange) =>
    json<Binding>('PUT', `${instruments}/${id}/bindings/${encodeURIComponent(computer)}`, body),
});

export const computerCalls = ({ json, nothing }: Http) => ({
  list: (query: Query<ComputerQuery> = {}) =>
    json<Page<Computer>>('GET', computers + search(query)),
  create: (body: NewComputer) => json<Computer>('POST', computers, body),
  /** Finds the computer by its id or by its name. */
  read: (id: number | string) => json<Computer>('GET', computer(id)),
  change: (id: number | string, body: ComputerChange) => json<Computer>('PUT', computer(id), body),
  remove: (id: number | string) => nothing('DELETE', computer(id)),
  createCode: (lab_id: number) =>
    json<EnrolmentCode>('POST', `${computers}/enrolment-codes`, { lab_id }),
  enrol: (body: Enrolment) => json<Enrolled>('POST', `${computers}/enrol`, body),
  bindings: (name: string, query: PageQuery = {}) =>
    json<Page<FoundBinding>>(
      'GET',
      `${computers}/${encodeURIComponent(name)}/bindings${search(query)}`,
    ),
  /** Creates an instrument that the registry does not know yet, and binds it to a computer. */
  bindNew: (name: string, body: NewInstrumentHere) =>
    json<Binding>('POST', `${computers}/${encodeURIComponent(name)}/bindings`, body),
});

export const bindingCalls = ({ json, nothing }: Http) => ({
  list: (query: Query<BindingQuery> = {}) => json<Page<Binding>>('GET', bindings + search(query)),
  create: (body: NewBinding) => json<Binding>('POST', bindings, body),
  read: (id: number) => json<Binding>('GET', `${bindings}/${id}`),
  change: (id: number, body: BindingChange) => json<Binding>('PUT', `${bindings}/${id}`, body),
  remove: (id: number) => nothing('DELETE', `${bindings}/${id}`),
});
