/**
 * `npm run processes`: three processes behind each load balancer; a process is stopped for 30 seconds in each round.
 * Options: `-- --rounds 3 --stopped 30 --pause 50`.
 */
import { parseArgs } from 'node:util';
import t from 'tap';
import { isThere } from '../helpers/is-there.ts';
import { tell } from './processes/story.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    stopped: { type: 'string', default: '30' },
    saves: { type: 'string', default: '40' },
    pause: { type: 'string', default: '50' },
  },
});
const numbers = {
  rounds: Number(values.rounds),
  stopped: Number(values.stopped),
  saves: Number(values.saves),
  pause: Number(values.pause),
};

t.setTimeout(3_600_000);
const skip = (await isThere('nginx', '-v')) ? false : 'nginx is not installed';
t.test('behind nginx', { skip }, (t) => tell(t, { balancer: 'nginx', ...numbers }));
t.test('behind a small proxy', (t) => tell(t, { balancer: 'round robin', ...numbers }));
