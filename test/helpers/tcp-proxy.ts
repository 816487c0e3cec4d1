/** A TCP proxy to a server of this machine, whose connections tests can disturb. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** Ends all connections. New ones are accepted. */
  cut(): void;
  /** Stops passing bytes on in the connections that exist, as after a failover to another machine. */
  freeze(): void;
  /** Accepts connections, but passes nothing on from now on. */
  hang(): void;
  close(): void;
}

/** `change` may change what the server sends. */
export async function startTcpProxy(
  port: number,
  change = (bytes: Buffer) => bytes,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isDeaf = false;
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => server.write(bytes)).on('close', () => server.destroy());
    server.on('data', (bytes) => client.write(change(bytes))).on('close', () => client.destroy());
    if (isDeaf) client.pause();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const freeze = () => {
    for (const socket of sockets) socket.pause();
  };
  return {
    port: (proxy.address() as AddressInfo).port,
    cut,
    freeze,
    hang() {
      isDeaf = true;
      freeze();
    },
    close() {
      proxy.close();
      cut();
    },
  };
}
