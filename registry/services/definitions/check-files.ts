/** What a save must pass before anything is written. */
import type { Files, ImportPolicy } from '../../definitions/types.ts';
import { Problem, type ProblemDetail } from '../../errors.ts';
import type { AnalysisRooms } from '../analysis.ts';
import { accountOf, type Caller } from '../caller.ts';
import { mainFile, tooMuch } from './files.ts';

/** Refuses what is not a valid definition, with every place where it is not. */
export async function checkFiles(
  { analysis, maxFileBytes }: AnalysisRooms & { maxFileBytes: number },
  caller: Caller,
  name: string,
  files: Files,
  baseClass: string | undefined,
  policy: ImportPolicy,
): Promise<void> {
  for (const [path, content] of files) {
    if (content.byteLength > maxFileBytes) {
      const message = `${path} has ${content.byteLength} bytes; ${maxFileBytes} are allowed`;
      throw new Problem('invalid', message, [{ path: `files/${path}`, message }]);
    }
  }
  const much = tooMuch(files);
  if (much !== undefined) throw new Problem('too_large', `Too much for one version: ${much}.`);
  const account = accountOf(caller);
  const { valid, errors, class_info } = await analysis.ask(
    account,
    'validate',
    name,
    files,
    policy,
  );
  if (!valid) {
    const details: ProblemDetail[] = errors.map((found) => {
      const file = found.file ?? mainFile(name);
      return { path: file === mainFile(name) ? 'source_code' : `files/${file}`, ...found };
    });
    const [first] = errors;
    const where = first && `${first.file ?? mainFile(name)}:${first.line}:${first.column}: `;
    throw new Problem('invalid_definition', `${where ?? ''}${first?.message}`, details);
  }
  if (baseClass === undefined) return;
  const { base_class } = await analysis.ask(account, 'describe', name, files);
  const stated = [base_class, ...(class_info?.base_classes ?? [])];
  const last = (dotted: string) => dotted.slice(dotted.lastIndexOf('.') + 1);
  if (!stated.some((base) => base !== null && last(base) === last(baseClass))) {
    const message = `the class ${name} has the base ${class_info?.base_classes.join(', ')}, not ${baseClass}`;
    throw new Problem('invalid', `base_class: ${message}`, [{ path: 'base_class', message }]);
  }
}
