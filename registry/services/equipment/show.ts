/** Shows instruments, computers and bindings as the API and the audit trail show them. */
import {
  Binding,
  BoundInstrument,
  Computer,
  type Instrument,
  Place,
} from '../../schemas/equipment.ts';
import { fieldsBut, fieldsOf, pick, show } from '../../schemas/pick.ts';
import type { BindingRow } from '../../store/bindings.ts';
import type { DefinitionSummary } from '../../store/definitions.ts';
import type {
  Computer as ComputerRow,
  Instrument as InstrumentRow,
} from '../../store/entities/index.ts';

export const showComputer = (row: ComputerRow): Computer => show(row, fieldsOf(Computer));

/** An instrument without its bindings. `definition` is null if the caller may not see the definition. */
export const showInstrument = (
  row: InstrumentRow,
  definition: Pick<DefinitionSummary, 'id' | 'name' | 'display_name' | 'version'> | undefined,
): Omit<Instrument, 'bindings'> => ({
  ...show(row, fieldsBut(BoundInstrument, 'definition')),
  definition: definition ? pick(definition, ['id', 'name', 'display_name', 'version']) : null,
});

/** A binding without its instrument. */
export const showBinding = (row: BindingRow) => show(row, fieldsBut(Binding, 'instrument'));

/** A binding as an instrument shows it. */
export const showPlace = (row: BindingRow): Instrument['bindings'][number] =>
  show(row, fieldsOf(Place));

/** The fields of a computer that the audit trail records. Telemetry (such as `last_seen`) is left out. */
export function recordOfComputer(row: ComputerRow) {
  const { last_seen, enrolled_at, updated_at, created_at, ...written } = showComputer(row);
  return written;
}

/** The fields of a binding that the audit trail records. Connections and settings are telemetry and are left out. */
export function recordOfBinding(row: BindingRow) {
  const { instrument_id, computer_name, adapter, adapter_type, is_primary } = row;
  return { instrument_id, computer_name, adapter, adapter_type, is_primary };
}
