/**
 * The API's rules for what does not come through the API: the command line and the configuration are held
 * to the same schemas.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import { invalidInput } from '../invalid-input.ts';
import { closed } from '../schemas/closed.ts';
import { FORMATS } from '../schemas/formats.ts';

/** Gives a function that throws `invalid`, naming everything wrong, for what the schema does not allow. */
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
