import { Type } from '../schemas/build.ts';
import { List, PageQuery } from '../schemas/common.ts';
import { VersionParams } from '../schemas/definitions.ts';
import { TestResult, TestRun } from '../schemas/tests.ts';
import { listTestResultsOf, postTestResult } from '../services/definitions/test-results.ts';
import type { PeopleDeps } from '../services/deps.ts';
import { MOST_OF_A_RUN } from './reviews.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

const results = '/api/instrument-definitions/:id/versions/:n/results';

/** The routes of the results that bench computers post for versions. */
export function testResultRoutes(app: RegistryServer, deps: PeopleDeps): void {
  const tags = ['versions'];

  app.get(
    results,
    {
      schema: {
        operationId: 'listTestResults',
        tags,
        summary: 'List the results of testing a version on bench computers, newest first',
        description:
          "A lab sees the results of its own computers. Members of the lab that owns the definition also see those of other labs' computers, with paths, computer names, addresses and serial numbers masked.",
        params: VersionParams,
        querystring: Type.Object(PageQuery),
        response: { 200: List(TestResult), ...problemAnswers },
      },
    },
    async ({ caller, params, query }) =>
      await listTestResultsOf(deps, caller, params.id, params.n, query),
  );

  app.post(
    results,
    {
      bodyLimit: MOST_OF_A_RUN,
      schema: {
        operationId: 'postTestResult',
        tags,
        summary: 'Post the result of testing a version (bench computers of the lab that owns it)',
        description:
          'The newest result of each computer counts. Of each computer and version, the last 20 results are kept.',
        params: VersionParams,
        body: TestRun,
        response: { 201: TestResult, ...problemAnswers },
      },
    },
    async ({ caller, params, body }, reply) => {
      reply.code(201);
      return await postTestResult(deps, caller, params.id, params.n, body);
    },
  );
}
