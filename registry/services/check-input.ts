/** Checks input of the command line and the configuration against the schemas of the API. */
import { Ajv, type ValidateFunction } from 'ajv';
import { invalidInput } from '../invalid-input.ts';
import { closed } from '../schemas/closed.ts';
import { FORMATS } from '../schemas/formats.ts';

/** Returns a function that checks an input, and throws `invalid` with a list of all violations of the schema. */
export function inputCheck(schema: object): (input: object) => void {
  let validate: ValidateFunction | undefined;
  return (input) => {
    validate ??= new Ajv({
      allErrors: true,
      verbose: true,
      strict: false,
      formats: FORMATS,
    }).compile(closed(schema));
    if (!validate(input)) throw invalidInput(validate.errors ?? [], 'input');
  };
}
