/** Checks that a settings schema is JSON Schema and that the default settings satisfy it. */

import { Ajv2020 } from 'ajv/dist/2020.js';
import { LRUCache } from 'lru-cache';
import type { Json } from './types.ts';

type Schema = { [key: string]: Json };

export interface SchemaFindings {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** The checker is created at the first check, because loading the schema of JSON Schema would slow down the start. */
let checker: Ajv2020 | undefined;

/**
 * A schema with one of these keywords is not used to check the default settings: a regular expression could run for
 * ever, and references could loop.
 */
const NOT_EXECUTED = ['pattern', 'patternProperties', '$ref', '$dynamicRef', '$id', '$anchor'];
const MAX_SIZE = 50_000;

/**
 * The findings of recently checked schemas, which take about 3 MB. Compiling a schema is the most expensive part of a
 * check, and most saves do not change the schema.
 */
const checked = new LRUCache<string, SchemaFindings>({
  max: 32,
  memoMethod: (written) => check(...(JSON.parse(written) as [Schema, Schema | null])),
});

/** Checks a schema against JSON Schema 2020-12 and the default settings against the schema. */
export function checkSchema(schema: Schema, defaults: Schema | null): SchemaFindings {
  if (JSON.stringify(schema).length > MAX_SIZE)
    return { errors: [], warnings: ['The settings schema is too large to be checked'] };
  return checked.memo(JSON.stringify([schema, defaults]));
}

function check(schema: Schema, defaults: Schema | null): SchemaFindings {
  const findings = { errors: [] as string[], warnings: [] as string[] };
  if (schema.$schema !== undefined && !/2020-12\/schema#?$/.test(String(schema.$schema))) {
    findings.errors.push('The settings schema must be JSON Schema 2020-12');
    return findings;
  }
  const { $schema: _, ...plain } = schema;
  checker ??= new Ajv2020({ strict: false, validateFormats: false, logger: false });
  const ajv = checker;
  if (!ajv.validateSchema(plain)) {
    findings.errors.push(`The settings schema is not JSON Schema: ${ajv.errorsText()}`);
    return findings;
  }
  if (defaults === null) return findings;
  const risky = NOT_EXECUTED.find((keyword) => uses(plain, keyword));
  if (risky !== undefined) {
    findings.warnings.push(`The default settings are not checked: the schema uses ${risky}`);
    return findings;
  }
  try {
    const satisfied = ajv.compile(plain);
    if (!satisfied(defaults))
      findings.errors.push(
        `The default settings break the settings schema: ${ajv.errorsText(satisfied.errors, { dataVar: 'default-settings' })}`,
      );
  } catch (error) {
    findings.warnings.push(`The default settings are not checked: ${(error as Error).message}`);
  } finally {
    ajv.removeSchema(plain);
  }
  return findings;
}

function uses(value: Json, key: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([one, inner]) => one === key || uses(inner, key));
}
