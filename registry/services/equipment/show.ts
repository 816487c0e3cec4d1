/** Instruments, computers and bindings as the API shows them. */
import type { Computer, Instrument } from '../../schemas/equipment.ts';
import type { BindingRow } from '../../store/bindings.ts';
import type { DefinitionSummary } from '../../store/definitions.ts';
import type {
  Computer as ComputerRow,
  Instrument as InstrumentRow,
} from '../../store/entities/index.ts';

const time = (at: Date | null) => at?.toISOString() ?? null;

export function showComputer(row: ComputerRow): Computer {
  return {
    id: row.id,
    lab_id: row.lab_id,
    computer_name: row.computer_name,
    computer_id: row.computer_id,
    username: row.username,
    os: row.os,
    nickname: row.nickname,
    location: row.location,
    enrolled_at: time(row.enrolled_at),
    last_seen: time(row.last_seen),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** Without its bindings; the definition is null where the caller may not see it. */
export function showInstrument(
  row: InstrumentRow,
  definition: Pick<DefinitionSummary, 'id' | 'name' | 'display_name' | 'version'> | undefined,
): Omit<Instrument, 'bindings'> {
  return {
    id: row.id,
    lab_id: row.lab_id,
    name: row.name,
    instrument_type: row.instrument_type,
    pybirch_class: row.pybirch_class,
    manufacturer: row.manufacturer,
    model: row.model,
    serial_number: row.serial_number,
    adapter: row.adapter,
    location: row.location,
    status: row.status,
    specifications: row.specifications,
    extra_data: row.extra_data,
    definition_id: row.definition_id,
    pinned_version: row.pinned_version,
    definition: definition
      ? {
          id: definition.id,
          name: definition.name,
          display_name: definition.display_name,
          version: definition.version,
        }
      : null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** Without its instrument. */
export function showBinding(row: BindingRow) {
  return {
    id: row.id,
    instrument_id: row.instrument_id,
    computer_name: row.computer_name,
    computer_id: row.computer_id,
    username: row.username,
    adapter: row.adapter,
    adapter_type: row.adapter_type,
    is_primary: row.is_primary,
    last_connected: time(row.last_connected),
    last_settings: row.last_settings,
    nickname: row.nickname,
    computer_location: row.computer_location,
    key: row.key,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** What an instrument says of where it is bound. */
export const showPlace = (row: BindingRow): Instrument['bindings'][number] => ({
  id: row.id,
  computer_name: row.computer_name,
  adapter: row.adapter,
  adapter_type: row.adapter_type,
  is_primary: row.is_primary,
  last_connected: time(row.last_connected),
});

/** What was written of a computer, beside what it is only seen to do. */
export function recordOfComputer(row: ComputerRow) {
  const { last_seen, enrolled_at, updated_at, created_at, ...written } = showComputer(row);
  return written;
}

/** What was written of a binding; connections and settings are telemetry. */
export function recordOfBinding(row: BindingRow) {
  const { instrument_id, computer_name, adapter, adapter_type, is_primary } = row;
  return { instrument_id, computer_name, adapter, adapter_type, is_primary };
}
