/** How the authors of pushed commits are found. */
import t from 'tap';
import { authorsOf } from '../../registry/services/review/examine.ts';
import { processorTime } from '../helpers/processor-time.ts';

const author = { name: 'Ada', email: 'ada@lab.example', at: new Date(0), offsetMinutes: 0 };
const others = (message: string) =>
  authorsOf({ author, message })
    .slice(1)
    .map(({ name, email }) => `${name}|${email}`);

t.test('co-authors are found in every form that git-interpret-trailers(1) allows', async (t) => {
  t.same(others('One\n\nCo-authored-by: Ben <ben@lab.example>'), ['Ben|ben@lab.example']);
  t.same(others('One\r\n\r\nCO-AUTHORED-BY:Ben<ben@lab.example>\r\n'), ['Ben|ben@lab.example']);
  t.same(others('One\n\nCo-authored-by : Ben\n  < ben@lab.example >\n'), ['Ben|ben@lab.example']);
  t.same(others('One\n\nco-authored-by: Ben\nReviewed-by: Eve <eve@lab.example>'), []);
  t.same(others('About Co-authored-by: Ben <ben@lab.example>'), []);
});

t.test(
  'the longest message that can be pushed is read quickly, whatever its content',
  async (t) => {
    const long = 64 * 1024;
    for (const message of [
      `One\n\nco-authored-by:${' '.repeat(long)}x`,
      `One\n\nco-authored-by:${'\n '.repeat(long / 2)}`,
      `One\n\nco-authored-by: ${'<'.repeat(long)}`,
      'co-authored-by:\n'.repeat(long / 16),
    ]) {
      const took = processorTime(() => t.same(others(message), []));
      // With a regular expression, finding the authors in such a message took hours.
      t.ok(took < 1000, `${took} ms`);
    }
  },
);
