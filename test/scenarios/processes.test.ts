/** Several processes behind a load balancer, in the short form. The long form is `npm run processes`. */
import t from 'tap';
import { isThere } from '../helpers/is-there.ts';
import { tell } from './processes/story.ts';

t.setTimeout(240_000);

const hasNginx = await isThere('nginx', '-v');
if (!hasNginx)
  t.comment('left out: nginx, because it is not installed. A small proxy takes its place');

t.test('three processes behind a load balancer', (t) =>
  tell(t, {
    balancer: hasNginx ? 'nginx' : 'round robin',
    stopped: 7,
    rounds: 1,
    saves: 4,
    pause: 500,
  }),
);
