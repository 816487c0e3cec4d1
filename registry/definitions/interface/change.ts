/** What a new version means for those who use the one before. */

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
  /** Where in the new version, if it stands in one place. */
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

/** What was known before and is not stated any more. */
export const unstated = (kind: InterfaceChange['kind'], what: string): InterfaceChange =>
  breaking(kind, `the ${what} not stated any more`);
