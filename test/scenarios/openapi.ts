/** Reads the API document for tests. */

export interface Operation {
  /** In upper case. */
  method: string;
  /** The path as in the document, with `{parameters}`. */
  path: string;
  /** The names of the path parameters. */
  parameters: string[];
  /** The names of the query parameters. */
  query: string[];
  /** The schema of the JSON body, if there is one. */
  body: object | undefined;
  /** The names of the fields in the body. */
  fields: string[];
  summary?: string;
  operationId?: string;
  tags?: string[];
  responses: Record<string, { content?: Record<string, unknown> }>;
}

interface Document {
  paths: Record<string, Record<string, RawOperation>>;
}
interface RawOperation extends Pick<Operation, 'summary' | 'operationId' | 'tags' | 'responses'> {
  parameters?: { in: string; name: string }[];
  requestBody?: { content: { 'application/json': { schema: { properties?: object } } } };
}

/** Lists every operation in the registry's own document. */
export async function operationsOf(url: string): Promise<Operation[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, ...rest }]) => {
      const named = (where: string) =>
        parameters.filter((parameter) => parameter.in === where).map(({ name }) => name);
      const body = requestBody?.content['application/json'].schema;
      return {
        ...rest,
        method: method.toUpperCase(),
        path,
        parameters: named('path'),
        query: named('query'),
        body,
        fields: Object.keys(body?.properties ?? {}),
      };
    }),
  );
}
