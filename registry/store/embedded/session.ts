import { Duplex } from 'node:stream';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';

/**
 * A session with the database thread. The session is a stream that `pg` uses in place of a socket. `pg` always writes
 * whole messages of PostgreSQL's protocol. The session sends all waiting messages together, and their answers arrive
 * together.
 */
export class Session extends Duplex {
  readonly #port: MessagePort;

  /** @param ended resolves with an error when the thread ends; the session then fails with this error */
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
    // Copies the bytes: the memory moves to the thread, but `pg` reuses the buffer in which it writes messages.
    const bytes = new Uint8Array(Buffer.concat(messages.map(({ chunk }) => chunk)));
    this.#port.once('message', (answer: Uint8Array) => {
      this.push(answer);
      done();
    });
    this.#port.postMessage(bytes, [bytes.buffer]);
  }

  /** Does nothing: `_writev` pushes answers when they arrive. */
  override _read(): void {}

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#port.close();
    done(error);
  }

  // `pg` also calls these methods of sockets. `ref` and `unref` do nothing, because the thread keeps the process alive
  // until the database is closed.

  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): void {}
  ref(): void {}
  unref(): void {}
}
