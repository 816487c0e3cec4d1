/** The load generator: a process that replays recorded requests over raw sockets from many clients. */
import { connect } from 'node:net';
import { quantile } from '../statistics.ts';
import { type Answer, readAnswer } from './answer.ts';
import { type Order, PACK, type Replayed, type Step } from './exchange.ts';

/** Every answer of upload-pack ends with a flush packet, unless it is an error (gitprotocol-common(5)). */
const FLUSH = '0000';

async function replay(order: Order): Promise<Replayed> {
  const { port, scripts, clients, keepAlive, seconds, atLeast = 0 } = order;
  const times: number[] = [];
  const before = process.cpuUsage();
  const begun = performance.now();
  const until = begun + seconds * 1000;

  async function client(script: Step[]): Promise<void> {
    let connection: Connection | undefined;
    do {
      const started = performance.now();
      connection ??= open(port);
      for (const step of script) await connection.ask(step);
      times.push(performance.now() - started);
      if (keepAlive) continue;
      connection.close();
      connection = undefined;
    } while (performance.now() < until || times.length < atLeast);
    connection?.close();
  }

  await Promise.all(
    Array.from({ length: clients }, (_, i) => client(scripts[i % scripts.length] as Step[])),
  );
  const elapsed = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  return {
    perSecond: (times.length / elapsed) * 1000,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    scripts: times.length,
    ownLoad: (user + system) / 1000 / elapsed,
  };
}

function check({ answerLength, isPack }: Step, { status, body, isLast }: Answer): void {
  const isRight = isPack ? body.includes(PACK) : body.length === answerLength;
  const isWhole = body.subarray(-FLUSH.length).toString('latin1') === FLUSH;
  if (status === 200 && isRight && isWhole && !isLast) return;
  throw new Error(
    `${status}, ${body.length} bytes instead of ${answerLength}${isLast ? ', closed' : ''}: ${body.toString('latin1', 0, 200)}`,
  );
}

interface Connection {
  /** Sends a request, and resolves when the expected answer has arrived. */
  ask(step: Step): Promise<void>;
  close(): void;
}

/** All connections read into this buffer. The bytes of an incomplete answer are copied out of the buffer. */
const shared = Buffer.alloc(65_536);

/**
 * Opens a connection that uses as little of Node's streams as possible, so that the generator costs less than any
 * server.
 */
function open(port: number): Connection {
  let received: Buffer | undefined;
  let waiting: (PromiseWithResolvers<void> & { step: Step }) | undefined;

  function read(length: number): boolean {
    const chunk = shared.subarray(0, length);
    const bytes = received ? Buffer.concat([received, chunk]) : chunk;
    try {
      const answer = readAnswer(bytes);
      if (answer && waiting) {
        received = undefined;
        check(waiting.step, answer);
        waiting.resolve();
      } else {
        received = received ? bytes : Buffer.from(bytes);
      }
    } catch (error) {
      waiting?.reject(error);
    }
    return true;
  }

  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    autoSelectFamily: false,
    onread: { buffer: shared, callback: read },
  });
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('end', () => waiting?.reject(new Error('the server closed the connection')));
  return {
    // Node buffers what is written before the connection is open.
    ask(step) {
      waiting = { ...Promise.withResolvers<void>(), step };
      socket.write(step.request);
      return waiting.promise;
    },
    close: () => void socket.destroy(),
  };
}

process.on('message', async (order: Order) => process.send?.(await replay(order)));
process.once('disconnect', () => process.exit());
