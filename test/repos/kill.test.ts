import t from 'tap';
import { landFiles, openFixture } from './fixture.ts';
import { killRepeatedly } from './kills.ts';

t.test(
  'a killed landing leaves the old refs or the new ones, and the next one lands',
  async (t) => {
    const fixture = await openFixture();
    t.teardown(() => fixture.close());
    await landFiles(await fixture.repositories.create('Shared'), { a: '0' }, '0', '0');
    await killRepeatedly(fixture, 15);
  },
);
