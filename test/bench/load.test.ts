import t from 'tap';
import { readAnswer } from '../../bench/load/answer.ts';
import { stepFor } from '../../bench/load/exchange.ts';
import type { Figure } from '../../bench/pairs.ts';
import { growthPlot, linesOf } from '../../bench/plot.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const HEAD = 'HTTP/1.1 200 OK\r\nDate: today\r\n';

t.test(
  'an answer is complete once all its bytes have arrived, with a length or in chunks',
  async (t) => {
    const framed = {
      length: `${HEAD}Content-Length: 10\r\n\r\nline\r\n0000`,
      chunks: `${HEAD}Transfer-Encoding: chunked\r\n\r\n6\r\nline\r\n\r\n4\r\n0000\r\n0\r\n\r\n`,
    };
    for (const [name, text] of Object.entries(framed)) {
      for (let length = 0; length < text.length; length++) {
        t.equal(readAnswer(bytes(text.slice(0, length))), undefined, `${name}: ${length} bytes`);
      }
      const answer = readAnswer(bytes(text));
      t.match(answer, { status: 200, isLast: false });
      t.equal(answer?.body.toString(), 'line\r\n0000');
      t.throws(() => readAnswer(bytes(`${text}H`)), /bytes after the answer/);
    }
  },
);

t.test(
  'an answer without a length is an error, and `Connection: close` is recognized',
  async (t) => {
    t.throws(() => readAnswer(bytes(`${HEAD}\r\nline`)), /no length/);
    const last = readAnswer(bytes(`${HEAD}connection: close\r\ncontent-length: 0\r\n\r\n`));
    t.match(last, { status: 200, isLast: true });
  },
);

t.test(
  'a replayed request differs from the recorded one only in its server and its caller',
  async (t) => {
    const { request, answerLength, isPack } = stepFor(
      {
        method: 'POST',
        url: '/a.git/git-upload-pack',
        headers: ['Host', 'there:1', 'authorization', 'Basic one', 'Content-Length', '4'],
        body: bytes('0000'),
        answer: { status: 200, headers: [], body: bytes('0000') },
        time: 1,
      },
      8080,
      'Basic two',
    );
    t.equal(
      request.toString(),
      'POST /a.git/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nauthorization: Basic two\r\nContent-Length: 4\r\n\r\n0000',
    );
    t.equal(answerLength, 4);
    t.notOk(isPack);
  },
);

t.test(
  'the plot of growth has a line for each row, and a mark for each number of definitions',
  async (t) => {
    const grown = (what: string, definitions: number, median: number): Figure => ({
      name: `${what}, ${definitions} definitions`,
      floor: '100 definitions',
      unit: 'ms',
      rounds: 1,
      ratio: { min: median, median, max: median },
      p50: { ours: median, floor: 1 },
      p99: { ours: median, floor: 1 },
      growth: { what, definitions },
    });
    const lines = linesOf([
      grown('save', 1000, 1),
      grown('clone', 1000, 2),
      grown('save', 10_000, 1),
    ]);
    t.same(
      lines.map(({ what, points }) => [what, points.length]),
      [
        ['save', 2],
        ['clone', 1],
      ],
    );
    const plot = growthPlot(lines, 100);
    t.equal(plot.match(/stroke-width="2"\/><path/g)?.length, 2);
    for (const text of ['>save<', '>clone<', '>100<', '>1,000<', '>10,000<', '>goal 1.5<']) {
      t.ok(plot.includes(text), text);
    }
    t.notMatch(plot, /NaN|Infinity/);
  },
);
