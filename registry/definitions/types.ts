/** Shapes that the pure core speaks in; JSON-facing ones are snake_case as the HTTP API shows them. */

export type InstrumentType = 'movement' | 'measurement';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A place in a source text. Lines and columns count from 1, columns in Unicode code points. */
export interface Span {
  line: number;
  column: number;
  end_line: number;
  end_column: number;
}

export interface Diagnostic extends Span {
  /** `syntax`, ruff's own code (`F821`), or one of ours (`missing-class`, `banned-import`, …). */
  code: string;
  message: string;
  /** The path, where it is not the definition's main file. */
  file?: string;
  /** The JSON path of a metadata value that was refused (`settings_schema.properties.x`). */
  path?: string;
}

/** What the code of a class states, read without running it. Unknown values are null, never guessed. */
export interface ClassInfo {
  name: string;
  instrument_type: InstrumentType | null;
  /** Direct bases as written (`base.FakeMeasurementInstrument`). */
  base_classes: string[];
  docstring: string | null;
  data_columns: string[] | null;
  data_units: string[] | null;
  position_column: string | null;
  position_units: string | null;
  default_settings: { [key: string]: Json } | null;
  settings_schema: { [key: string]: Json } | null;
  /** Top-level imported packages outside the standard library, PyBirch and the definition's own files. */
  dependencies: string[];
}

export interface Validation {
  valid: boolean;
  errors: Diagnostic[];
  warnings: Diagnostic[];
  /** Null where no class can be found (or the file does not parse). */
  class_info: ClassInfo | null;
}

/** What a lab's policy says about imports (contract section 5); names of modules or built-ins. */
export interface ImportPolicy {
  banned: string[];
  allowed: string[];
}

/** The `[tool.pybirch]` table of the header, plus PEP 723's own keys; undefined means not stated. */
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
  /** Names of banned modules and built-ins that the definition asks for. */
  permissions?: string[];
}

export type DefinitionStatus =
  | 'operational'
  | 'development'
  | 'testing'
  | 'deprecated'
  | 'experimental';

/** Everything that the index and the API show of a definition's files: header over code. */
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

/** Files of a definition by path, `/` between folders. */
export type Files = ReadonlyMap<string, Uint8Array>;
