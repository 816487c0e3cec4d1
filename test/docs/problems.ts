/**
 * Generates docs/problems.md from the table of problems. `npm run problems` runs this file as a program, which writes
 * the page.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROBLEMS } from '../../registry/errors.ts';

export const PROBLEMS_PAGE = join(import.meta.dirname, '..', '..', 'docs', 'problems.md');

/** Returns the text of the page. Pure. */
export function problemsPage(): string {
  const sections = Object.entries(PROBLEMS).map(
    ([code, { status, title, what, why, next }]) => `## ${code}

**${title}** (${status})

- What happened: ${what}
- Why: ${why}
- What to do: ${next}
`,
  );
  return `# Problems

Every error of the registry is a problem document (RFC 9457). This page explains each \`code\` of a problem document. The
\`type\` of a problem document is \`/problems/<code>\`. At \`/problems/<code>\`, the registry shows the explanation of the
code. \`npm run problems\` writes this page from \`registry/errors.ts\`.

${sections.join('\n')}`;
}

if (import.meta.main) await writeFile(PROBLEMS_PAGE, problemsPage());
