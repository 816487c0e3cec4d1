/** Parses push options (docs/contract.md, section 4). Pure. */
import type { Command } from '../../../repos/serve/gate.ts';
import { MAIN } from '../../../text/refs.ts';
import { MOST_TEXT, MOST_TITLE } from '../../schemas/review.ts';
import { asText, asTitle } from '../review/wording.ts';
import { isForReview } from './admit.ts';

export interface PushOptions {
  title?: string;
  description?: string;
  draft?: true;
  /** The complete list of permissions for the versions that land. */
  grants?: string[];
}

const KNOWN =
  'title=…, description=… (repeat it for more lines), draft. A push to main also accepts grant=… (repeat it for more permissions)';

/** Parses the options of `git push -o …`. Returns warnings about invalid options, which the pusher sees. */
export function readOptions(
  given: readonly string[],
  commands: readonly Command[],
): PushOptions & { warnings: string[] } {
  if (given.length === 0) return { warnings: [] };
  const grants = given.filter((one) => one.startsWith('grant=')).map((one) => one.slice(6));
  const lands = commands.some(({ ref }) => ref === MAIN);
  const granted = lands && grants.length > 0 ? { grants: grants.filter((one) => one !== '') } : {};
  const others = given.filter((one) => !one.startsWith('grant='));
  const warnings: string[] = [];
  if (grants.length > 0 && !lands) {
    warnings.push(
      'the push option "grant" is ignored, because it works only in a push to main. In a review, an admin grants permissions with the approval.',
    );
  }
  if (!commands.some(({ ref, to }) => isForReview(ref) && to !== null)) {
    if (others.length > 0)
      warnings.push('these push options are ignored, because they work only for merge requests.');
    return { ...granted, warnings };
  }
  const valuesOf = (name: string) =>
    given.filter((one) => one.startsWith(`${name}=`)).map((one) => one.slice(name.length + 1));
  for (const option of others.filter((one) => one !== 'draft')) {
    const [name = ''] = option.split('=', 1);
    if (name === 'draft') {
      warnings.push('the push option "draft" takes no value, so it is ignored. Use: -o draft');
    } else if (name === option && (name === 'title' || name === 'description')) {
      warnings.push(`the push option "${name}" needs a value: -o ${name}=…`);
    } else if (name !== 'title' && name !== 'description') {
      warnings.push(`unknown push option "${clip(name)}". Known options: ${KNOWN}`);
    }
  }
  const titles = valuesOf('title');
  if (titles.length > 1) warnings.push('the push has several titles. The last one is used.');
  const title = asTitle(titles.at(-1) ?? '');
  if (title.cut) warnings.push(`the title is cut to ${MOST_TITLE} characters.`);
  if (titles.length > 0 && title.text === '') warnings.push('an empty title is ignored.');
  const descriptions = valuesOf('description');
  const description = asText(descriptions.join('\n'));
  if (description.cut) warnings.push(`the description is cut to ${MOST_TEXT} characters.`);
  return {
    ...(title.text && { title: title.text }),
    ...(descriptions.length > 0 && { description: description.text }),
    ...(given.includes('draft') && { draft: true }),
    ...granted,
    warnings,
  };
}

const clip = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}…` : name);
