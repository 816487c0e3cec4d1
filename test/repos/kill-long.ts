/** The long form of kill.test.ts: `node test/repos/kill-long.ts 500`. */
import { landFiles, openFixture } from './fixture.ts';
import { killRepeatedly } from './kills.ts';

const times = Number(process.argv[2] ?? 200);
const fixture = await openFixture();
await landFiles(await fixture.repositories.create('Shared'), { a: '0' }, '0', '0');
await killRepeatedly(fixture, times);
await fixture.close();
console.log(`${times} kills, every landing whole`);
