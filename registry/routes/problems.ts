import { PROBLEMS, Problem, type ProblemCode, problemType } from '../errors.ts';
import { answerBrowser } from '../plugins/error-page.ts';
import { escapeHtml, plainPage } from '../plugins/plain-page.ts';
import { Type } from '../schemas/build.ts';
import { ProblemKind } from '../schemas/common.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

export function problemRoutes(app: RegistryServer): void {
  app.get(
    '/problems/:code',
    {
      errorHandler: answerBrowser,
      schema: {
        operationId: 'explainProblem',
        tags: ['problems'],
        summary: 'Explain a problem code: what happened, why, and what to do',
        description:
          'This address is the `type` of problem documents. The answer is a page. Clients that accept JSON but not HTML get JSON.',
        security: [],
        params: Type.Object({ code: Type.String() }),
        response: {
          200: {
            description: 'The explanation',
            content: {
              'text/html': { schema: Type.String() },
              'application/json': { schema: ProblemKind },
            },
          },
          ...problemAnswers,
        },
      },
    },
    async ({ params: { code }, headers: { accept = '' } }, reply) => {
      if (!isCode(code)) throw new Problem('not_found', `There is no problem code ${code}.`);
      reply.header('vary', 'accept');
      if (/\bapplication\/json\b/.test(accept) && !/\btext\/html\b/.test(accept)) {
        return { type: problemType(code), code, ...PROBLEMS[code] };
      }
      return reply.type('text/html; charset=utf-8').send(page(code));
    },
  );
}

const isCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

function page(code: ProblemCode): string {
  const { title, status, what, why, next } = PROBLEMS[code];
  return plainPage(
    title,
    `<p class="quiet">Problem <code>${code}</code>, HTTP status ${status}</p>
<h2>What happened</h2>
<p>${withCode(what)}</p>
<h2>Why</h2>
<p>${withCode(why)}</p>
<h2>What to do</h2>
<p>${withCode(next)}</p>
<p class="quiet">The field <code>detail</code> in the answer to your request says more.</p>
<p><a href="/">Back to the registry</a></p>`,
  );
}

/** Converts a text to HTML, with `code` in backticks as code. */
const withCode = (text: string): string =>
  escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
