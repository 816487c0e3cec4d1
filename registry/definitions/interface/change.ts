/** A change between two versions that matters to users. */

export interface InterfaceChange {
  kind:
    | 'base_class'
    | 'instrument_type'
    | 'data_column'
    | 'unit'
    | 'position'
    | 'setting'
    | 'parameter';
  breaking: boolean;
  message: string;
  /** The place in the new version, if there is a single one. */
  at: Place | null;
}

export interface Place {
  file: string;
  line: number;
  column: number;
}

export const breaking = (
  kind: InterfaceChange['kind'],
  message: string,
  at: Place | null = null,
): InterfaceChange => ({ kind, breaking: true, message, at });

export const harmless = (
  kind: InterfaceChange['kind'],
  message: string,
  at: Place | null = null,
): InterfaceChange => ({ kind, breaking: false, message, at });

/** Something that was stated before and no longer is. */
export const unstated = (kind: InterfaceChange['kind'], what: string): InterfaceChange =>
  breaking(kind, `the ${what} not stated any more`);
