/** Problems for people whom a link brought here: a plain page, where a program gets the problem document. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { answer, problemOf } from './problems.ts';

export async function answerBrowser(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const problem = problemOf(error, request);
  if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return answer(reply, problem);
  const { title } = problem.toJSON() as { title: string };
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .serializer(String)
    .send(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<h1>${escaped(title)}</h1>
<p>${escaped(problem.message)}</p>
<p><a href="../../../">Back to the registry</a></p>
</html>
`);
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
