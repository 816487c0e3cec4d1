import { Type } from '../schemas/build.ts';
import type { Events } from '../services/events/events.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

const DESCRIPTION = `Events as they happen, of what the caller may see: \`definition.landed\`, \`definition.changed\`, \
\`version.deprecated\`, \`version.revoked\`, \`version.reinstated\`, \`policy.overridden\`, \`merge_request.opened\`, \
\`merge_request.updated\`, \`merge_request.merged\`, \`merge_request.closed\`, \`binding.changed\`, \
\`instrument.changed\`, \`computer.changed\`; \`data\` is JSON. With \`Last-Event-ID\` the stream \
begins behind that event; \`reset\` says that too much lies in between: read anew. A comment and an id come at least every 15 \
seconds. The stream ends with the session or token, and for a reader that does not keep up: come back with \`Last-Event-ID\`.`;

/** The event stream, for browsers' EventSource and for programs. */
export function eventRoutes(app: RegistryServer, { events }: { events: Events }): void {
  // Closes the streams first, because the server then waits for its connections to end.
  app.addHook('preClose', async () => await events.close());
  app.get(
    '/api/events',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'readEvents',
        tags: ['events'],
        summary: 'Stream events as Server-Sent Events',
        description: DESCRIPTION,
        headers: Type.Object({
          'last-event-id': Type.Optional(
            Type.String({
              maxLength: 100,
              description: 'The newest event that the client has received',
            }),
          ),
        }),
        response: {
          200: {
            description: 'The stream',
            content: {
              'text/event-stream': {
                schema: Type.String({ description: 'Until either side ends it' }),
              },
            },
          },
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      const { raw } = reply;
      const headers = {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Nothing else uses the connection, so it ends with the stream.
        connection: 'close',
        // Stops nginx from buffering the events.
        'x-accel-buffering': 'no',
      };
      for (const [name, value] of Object.entries(headers)) raw.setHeader(name, value);
      await events.open({
        out: raw,
        identify: () => app.identifyAgain(request),
        lastId: request.headers['last-event-id'],
      });
      reply.hijack();
    },
  );
}
