import t from 'tap';
import { requestedVersion } from '../../../repos/wire/protocol.ts';

t.test('the highest known version of a Git-Protocol header wins', async (t) => {
  for (const [header, version] of [
    [undefined, 0],
    ['', 0],
    ['version=0', 0],
    ['version=1', 1],
    ['version=2', 2],
    ['version=2:version=1', 2],
    ['version=1:other:version=2', 2],
    ['version=3', 0],
    ['version=3:version=1', 1],
    ['other', 0],
    ['xversion=2', 0],
  ] as const)
    t.equal(requestedVersion(header), version, `${header}`);
});
