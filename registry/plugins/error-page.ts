/** Answers errors at addresses that people open in a browser. Browsers get a page, programs get a problem document. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml, plainPage } from './plain-page.ts';
import { answer, problemOf } from './problems.ts';

export async function answerBrowser(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const problem = problemOf(error, request);
  if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return answer(reply, problem);
  request.problem = problem;
  const { title } = problem.toJSON() as { title: string };
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .serializer(String)
    .send(
      plainPage(
        title,
        `<p>${escapeHtml(problem.message)}</p>\n<p><a href="/">Back to the registry</a></p>`,
      ),
    );
}
