/** How a lab admin finds people to add to the lab. */
import t from 'tap';
import { startLab } from '../helpers/lab.ts';

t.test('a lab admin finds a person by full username and sees no private data', async (t) => {
  const lab = await startLab(t);
  const ask = async (query: string, { token }: { token: string }) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${lab.url}/api/users${query}`, { headers });
    return { status: answer.status, body: (await answer.json()) as { items: object[] } };
  };
  const found = await ask('?username=DAN', lab.ada);
  t.same(found.body.items, [{ id: lab.dan.id, username: 'dan', name: 'Dan' }]);
  t.same((await ask('?username=da', lab.ada)).body.items, []);
  t.equal((await ask('', lab.ada)).status, 403);
  t.equal((await ask('?username=dan&q=d', lab.ada)).status, 403);
  t.equal((await ask('?username=dan', lab.ben)).status, 403);
  t.match((await ask('?username=dan', lab.admin)).body.items, [{ email: 'dan@lab.example' }]);
});
