/** Pages that the server itself writes. These pages work without the build of the web interface and without scripts. */
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

const STYLE = '/plain-page.css';

/** Serves the styles of these pages as a file, because the content security policy forbids inline styles. */
export function plainPages(app: FastifyInstance): void {
  let style: Promise<string> | undefined;
  app.get(
    STYLE,
    { schema: { hide: true, operationId: 'loadPlainStyle' } },
    async (_request, reply) => {
      style ??= readFile(new URL('./plain-page.css', import.meta.url), 'utf8');
      return reply
        .type('text/css; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send(await style);
    },
  );
}

/** Returns a complete HTML document. `title` is plain text. `body` is HTML, so the caller must escape texts in it. */
export const plainPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · Definition Registry</title>
<link rel="stylesheet" href="${STYLE}">
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
