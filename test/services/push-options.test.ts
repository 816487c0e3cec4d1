/** The options of `git push -o …`, and the messages about invalid options. */
import t from 'tap';
import { readOptions } from '../../registry/services/push/options.ts';

const oid = 'a'.repeat(40);
const branch = { ref: 'refs/heads/idea', from: null, to: oid };
const parse = (...given: string[]) => readOptions(given, [branch]);

t.test('title, description and draft are accepted', async (t) => {
  t.same(parse(), { warnings: [] });
  t.same(parse('title= Faster\tsweeps ', 'description=One', 'description=Two', 'draft'), {
    title: 'Faster sweeps',
    description: 'One\nTwo',
    draft: true,
    warnings: [],
  });
  t.same(parse('description='), { description: '', warnings: [] }, 'it can be emptied');
});

t.test('an invalid option causes a warning and does not block the push', async (t) => {
  const cases: [given: string[], warning: RegExp][] = [
    [['titel=x'], /unknown push option "titel". Known options: title=…, description=…/],
    [['ci.skip'], /unknown push option "ci\.skip"/],
    [['title'], /"title" needs a value/],
    [['title= '], /empty title/],
    [['title=a', 'title=b'], /The last one/],
    [['draft=false'], /"draft" takes no value/],
    [[`title=${'é'.repeat(201)}`], /cut to 200/],
    [[`description=${'x'.repeat(20_001)}`], /cut to 20000/],
    [['[2J=1'], /"\[2J"/],
  ];
  for (const [given, warning] of cases) t.match(parse(...given).warnings, [warning], `${given}`);
});

t.test('accepted options can be stored and shown', async (t) => {
  const { title = '', description } = parse(`title=${'𝔸'.repeat(300)}`, 'description=a\0b\ud800');
  t.equal([...title].length, 200);
  t.ok(title.isWellFormed());
  t.equal(description, 'a<U+0000>b<U+D800>');
  t.equal(parse('title=a\u202e\n\u0007b').title, 'a<U+202E> <U+0007>b');
});

t.test('a push without a merge request says that options have no effect', async (t) => {
  const main = { ref: 'refs/heads/main', from: null, to: oid };
  for (const commands of [[main], [{ ...branch, to: null }]]) {
    t.match(readOptions(['title=x'], commands), {
      warnings: [/work only for merge requests/],
      title: undefined,
    });
  }
});
