/** Converts errors of JSON Schema validators to a `Problem` with the code `invalid` and with messages for people. */
import { describeHidden, findHidden, HIDDEN_IN_LINE, HIDDEN_IN_PROSE } from '../text/hidden.ts';
import { Problem, type ProblemDetail } from './errors.ts';
import { NOT_BLANK } from './schemas/common.ts';
import { ADDRESS } from './schemas/people.ts';

/** An error of Ajv, in the form in which Ajv and Fastify report it. */
export interface SchemaError {
  instancePath: string;
  message?: string | undefined;
  params?: Record<string, unknown>;
  keyword?: string;
  /** The invalid value, if the validator has the option `verbose`. */
  data?: unknown;
}

/**
 * Makes a problem `invalid` with an entry for each error.
 * @param whole the path for an error that concerns the whole input
 */
export function invalidInput(
  found: readonly SchemaError[],
  whole: string,
  options?: ErrorOptions,
): Problem {
  const listed = found.filter((error) => !isAboutNull(error));
  const errors = (listed.length > 0 ? listed : found).map((error): ProblemDetail => {
    const at = error.instancePath.slice(1).split('/').map(decodePart).join('.');
    const { missingProperty, additionalProperty } = error.params ?? {};
    const path = [at, missingProperty, additionalProperty].filter(isName).join('.') || whole;
    return { path, message: inWords(error) };
  });
  const text = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  return new Problem('invalid', text, errors, options);
}

const isName = (part: unknown): boolean => part !== undefined && part !== '';

/** Decodes one reference token of a JSON Pointer (RFC 6901, section 4). */
const decodePart = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/**
 * Whether an error says only that a value is not null. Every invalid value of a nullable field has such an error,
 * besides the useful one.
 */
const isAboutNull = ({ keyword, params }: SchemaError): boolean =>
  keyword === 'anyOf' || params?.type === 'null';

function inWords({ message, params, keyword, data }: SchemaError): string {
  if (params?.missingProperty) return 'is required';
  if (keyword === 'additionalProperties') return 'is not accepted here: leave it out';
  if (Array.isArray(params?.allowedValues)) {
    return `must be one of: ${params.allowedValues.join(', ')}`;
  }
  if (params?.format === 'date-time') return 'must be a time such as 2027-01-31T12:00:00Z';
  if (params?.format === 'line' || params?.format === 'prose') {
    const kind = params.format === 'line' ? HIDDEN_IN_LINE : HIDDEN_IN_PROSE;
    const [hidden] = findHidden(String(data), kind, 1);
    return hidden
      ? `cannot contain ${describeHidden(hidden.character)}, which is invisible: remove it at character ${hidden.at + 1}`
      : 'cannot contain invisible characters';
  }
  if (keyword === 'minLength' && params?.limit === 1) return 'must not be empty';
  if (keyword === 'pattern' && params?.pattern === NOT_BLANK) return 'must not be blank';
  if (keyword === 'pattern' && params?.pattern === ADDRESS) {
    return 'must be an address such as name@lab.example, in ASCII and without quotes';
  }
  return message ?? 'is not valid';
}
