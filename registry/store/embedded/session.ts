import { Duplex } from 'node:stream';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';

/**
 * A session with the database in a thread, as the stream over which `pg` speaks PostgreSQL's protocol. It writes
 * whole messages; those that wait together go together, and what answers them comes in one piece.
 */
export class Session extends Duplex {
  readonly #port: MessagePort;

  /** `ended` says why, when the thread ends; the session then fails with that. */
  constructor(thread: Worker, ended: Promise<Error>) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    thread.postMessage(port2, [port2]);
    void ended.then((error) => this.destroy(error));
  }

  override _write(message: Buffer, _: BufferEncoding, done: () => void): void {
    this._writev([{ chunk: message }], done);
  }

  override _writev(messages: { chunk: Buffer }[], done: () => void): void {
    // In memory of its own, for it is sent away: `pg` writes into buffers that are parts of one.
    const bytes = new Uint8Array(Buffer.concat(messages.map(({ chunk }) => chunk)));
    this.#port.once('message', (answer: Uint8Array) => {
      this.push(answer);
      done();
    });
    this.#port.postMessage(bytes, [bytes.buffer]);
  }

  /** Answers are pushed as they come. */
  override _read(): void {}

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#port.close();
    done(error);
  }

  // What else `pg` asks of a socket. The thread keeps the process alive until the database is closed.

  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): void {}
  ref(): void {}
  unref(): void {}
}
