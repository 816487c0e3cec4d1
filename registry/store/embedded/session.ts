import { Duplex } from 'node:stream';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';

/**
 * A session with the database thread, as the stream over which `pg` uses PostgreSQL's protocol. `pg` writes
 * whole messages. Waiting messages are sent together, and their answer arrives in one piece.
 */
export class Session extends Duplex {
  readonly #port: MessagePort;

  /** `ended` resolves with the reason when the thread ends; the session then fails with that error. */
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
    // Copied, because the memory is transferred to the thread, and `pg` writes into slices of a shared
    // buffer.
    const bytes = new Uint8Array(Buffer.concat(messages.map(({ chunk }) => chunk)));
    this.#port.once('message', (answer: Uint8Array) => {
      this.push(answer);
      done();
    });
    this.#port.postMessage(bytes, [bytes.buffer]);
  }

  /** Answers are pushed when they arrive. */
  override _read(): void {}

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#port.close();
    done(error);
  }

  // Socket methods that `pg` also calls. The thread keeps the process alive until the database is closed.

  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): void {}
  ref(): void {}
  unref(): void {}
}
