import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { startRegistry } from '../helpers/registry.ts';

t.setTimeout(120_000);

t.test(
  '100 Continue comes before the body, and a refusal keeps the connection usable',
  async (t) => {
    const registry = await startRegistry(t);
    const { hostname, port } = new URL(registry.url);
    const socket = connect(Number(port), hostname);
    t.teardown(() => socket.destroy());
    let received = '';
    socket.setEncoding('latin1');
    const answered = async (words: RegExp) => {
      while (!words.test(received)) received += (await once(socket, 'data'))[0];
      received = received.replace(words, '');
    };
    const head = (token: string, length: number) =>
      [
        'POST /definitions/Absent.git/git-receive-pack HTTP/1.1',
        'host: localhost',
        'content-type: application/x-git-receive-pack-request',
        `authorization: Basic ${Buffer.from(`git:${token}`).toString('base64')}`,
        'expect: 100-continue',
        `content-length: ${length}`,
        '\r\n',
      ].join('\r\n');
    socket.write(head(registry.admin.token, 4));
    await answered(/HTTP\/1\.1 100 Continue\r\n\r\n/);
    socket.write('0000');
    await answered(/HTTP\/1\.1 404 /);
    socket.write(head('wrong', 4));
    await answered(/HTTP\/1\.1 401 /);
    t.pass('the connection is still usable after a refusal');
  },
);
