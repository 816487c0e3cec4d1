/** Types of `registry/definitions`. Types that become JSON have names in snake_case, as in the HTTP API. */

export type InstrumentType = 'movement' | 'measurement';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A place in a source text. Lines and columns count from 1; columns are in Unicode code points. */
export interface Span {
  line: number;
  column: number;
  end_line: number;
  end_column: number;
}

export interface Diagnostic extends Span {
  /** `syntax`, a code of ruff (`F821`), or a code of the registry (`missing-class`, `banned-import`, …). */
  code: string;
  message: string;
  /** The path of the file; absent for the definition's main file. */
  file?: string;
  /** The JSON path of a metadata value that was refused (`settings_schema.properties.x`). */
  path?: string;
}

/**
 * What the code of a class states. The code is read, never run. A value that the code does not state clearly is null,
 * never guessed.
 */
export interface ClassInfo {
  name: string;
  instrument_type: InstrumentType | null;
  /** The direct base classes as written (`base.FakeMeasurementInstrument`). */
  base_classes: string[];
  docstring: string | null;
  data_columns: string[] | null;
  data_units: string[] | null;
  position_column: string | null;
  position_units: string | null;
  default_settings: { [key: string]: Json } | null;
  settings_schema: { [key: string]: Json } | null;
  /** Imported packages, without the standard library, PyBirch and the definition's own files. */
  dependencies: string[];
}

export interface Validation {
  valid: boolean;
  errors: Diagnostic[];
  warnings: Diagnostic[];
  /** The value is null if there is no class or the file cannot be parsed. */
  class_info: ClassInfo | null;
}

/** The import rules of a lab's policy (docs/contract.md, section 5). The lists name modules and built-ins. */
export interface ImportPolicy {
  banned: string[];
  allowed: string[];
}

/**
 * The `[tool.pybirch]` table of the header and PEP 723's own keys. A key that the header does not state is undefined.
 */
export interface Header {
  display_name?: string;
  description?: string;
  instrument_type?: InstrumentType;
  category?: string;
  manufacturer?: string;
  status?: DefinitionStatus;
  data_columns?: string[];
  data_units?: string[];
  position_column?: string;
  position_units?: string;
  settings_schema?: { [key: string]: Json };
  default_settings?: { [key: string]: Json };
  dependencies?: string[];
  requires_python?: string;
  /** The banned modules and built-ins that the definition asks for. */
  permissions?: string[];
}

export type DefinitionStatus =
  | 'operational'
  | 'development'
  | 'testing'
  | 'deprecated'
  | 'experimental';

/** All metadata of a definition's files that the index and the API show. The header wins over the code. */
export interface Metadata {
  display_name: string;
  description: string | null;
  instrument_type: InstrumentType | null;
  category: string | null;
  manufacturer: string | null;
  status: DefinitionStatus;
  base_class: string | null;
  dependencies: string[];
  settings_schema: { [key: string]: Json } | null;
  default_settings: { [key: string]: Json } | null;
  data_columns: string[] | null;
  data_units: string[] | null;
  position_column: string | null;
  position_units: string | null;
}

/** The files of a definition by path, with `/` between folders. */
export type Files = ReadonlyMap<string, Uint8Array>;
