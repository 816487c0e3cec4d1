import { Type } from '../schemas/build.ts';
import type { Events } from '../services/events/events.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

const DESCRIPTION = `Sends events, as they happen, about everything that the caller may see: \`definition.landed\`, \`definition.changed\`, \
\`version.deprecated\`, \`version.revoked\`, \`version.reinstated\`, \`policy.overridden\`, \`merge_request.opened\`, \
\`merge_request.updated\`, \`merge_request.merged\`, \`merge_request.closed\`, \`binding.changed\`, \
\`instrument.changed\`, \`computer.changed\`. The \`data\` of an event is JSON. With \`Last-Event-ID\` the stream begins \
after that event. The event \`reset\` means that too many events were missed: load your data again. The server sends a \
comment and an id at least every 15 seconds. The stream ends when the session or token ends, or if the client reads too \
slowly. The client should then connect again with \`Last-Event-ID\`.`;

/** The route of the event stream, for the EventSource of browsers and for programs. */
export function eventRoutes(app: RegistryServer, { events }: { events: Events }): void {
  // The streams must end before the server closes, because it waits until all connections have ended.
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
              description: 'The id of the newest event that the client has received',
            }),
          ),
        }),
        response: {
          200: {
            description: 'The stream',
            content: {
              'text/event-stream': {
                schema: Type.String({
                  description: 'The stream lasts until the client or the server ends it',
                }),
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
        // The connection serves no further request, so that it ends with the stream.
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
