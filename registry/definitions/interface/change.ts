/** A change between two versions that users of the definition may notice. */

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
  /** The place in the new version; null if there is no single place. */
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

/** A change for something that the previous version stated and the new one does not. */
export const unstated = (kind: InterfaceChange['kind'], what: string): InterfaceChange =>
  breaking(kind, `the ${what} not stated any more`);
