/** The network between a lab computer and the registry: a TCP proxy that tests can cut. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Network {
  /** The address at which the computer reaches the registry. */
  url: string;
  /** Ends all connections and refuses new ones. */
  cut(): void;
  /** Cuts the network after this many bytes of the next answer. */
  cutAfter(bytes: number): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openNetwork(registry: string): Promise<Network> {
  const target = new URL(registry);
  const sockets = new Set<Socket>();
  let isCut = false;
  let left = Number.POSITIVE_INFINITY;

  const server: Server = createServer((inner) => {
    if (isCut) return void inner.destroy();
    const outer = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    inner.pipe(outer);
    outer.on('data', (chunk: Buffer) => {
      inner.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) cut();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };

  function cut(): void {
    isCut = true;
    for (const socket of sockets) socket.destroySoon();
  }
  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    cutAfter(bytes) {
      left = bytes;
    },
    mend() {
      isCut = false;
      left = Number.POSITIVE_INFINITY;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
