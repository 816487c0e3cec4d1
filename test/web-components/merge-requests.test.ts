/** Merge requests: the list, reviews by two people at the same time, new pushes, overrides, and ended sessions. */
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser, takePictures } from '../helpers/browser.ts';
import { cloneOf } from '../helpers/clone.ts';
import { enrolComputer, startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(180_000);
const lab = await startLab(t);
const browser = await startBrowser(t);
const { ada, ben, nano } = lab;
const HOSTILE = '<img src=x onerror=alert(1)> & <script>alert(2)</script>';

/** Ada creates a definition, and Ben pushes a change for review. */
async function propose(t: Test, name: string, title: string) {
  const source_code = measurement(name);
  await ada.client.definitions.create({ name, source_code, lab_id: nano.id });
  const clone = await cloneOf(t, lab, name, ben);
  const pushForReview = async (source: string, message: string) => {
    await clone.commit({ [`${name}.py`]: source }, message);
    const pushed = await clone.push('HEAD:refs/for/main');
    t.equal(pushed.code, 0, pushed.stderr);
  };
  await pushForReview(source_code.replace('in volts', `in millivolts, ${HOSTILE}`), title);
  const { items } = await ben.client.mergeRequests.list({ state: 'open' });
  const id = items.find(({ definition }) => definition.name === name)?.id ?? 0;
  return { id, source_code, pushForReview };
}

const write = (page: Page, label: string, text: string) =>
  page.getByRole('textbox', { name: label }).fill(text);

t.test('open merge requests are listed; viewers cannot see them', async (t) => {
  const { id } = await propose(t, 'Listed', `Speak of millivolts ${HOSTILE}`);
  const page = await browser.open(lab, '/merge-requests', { username: 'ada' });
  await page.getByRole('link', { name: 'Speak of millivolts' }).waitFor();
  await isAccessible(t, page, 'merge requests');
  await takePictures(page, 'merge-requests');
  await page.getByRole('radio', { name: 'Merged' }).click();
  await page.getByText('No merged merge requests').waitFor();
  await page.goBack();
  const viewer = await browser.open(lab, `/merge-requests/${id}`, { username: 'cleo' });
  await viewer.getByRole('alert').getByText('no such merge request', { exact: false }).waitFor();
  t.equal(
    await viewer.getByRole('link', { name: 'Merge requests' }).count(),
    1,
    'only the link back',
  );
});

t.test('two people review at the same time: threads, approval, merge', async (t) => {
  const { id } = await propose(t, 'Reviewed', 'Speak of millivolts');
  const [reviewer, author] = [
    await browser.open(lab, `/merge-requests/${id}`, { username: 'ada' }),
    await browser.open(lab, `/merge-requests/${id}`, { username: 'ben' }),
  ];
  await reviewer.getByText('Not ready to merge').waitFor();
  t.equal(
    await author.getByRole('button', { name: 'Approve' }).count(),
    0,
    'the author cannot approve',
  );

  await t.test(
    'a reviewer comments on a line by keyboard, and the author sees it at once',
    async (t) => {
      await author.getByRole('textbox', { name: 'Write a comment' }).fill('half a thought');
      await reviewer.keyboard.press('j');
      await reviewer.getByRole('group', { name: 'Diff of Reviewed.py' }).focus();
      for (let line = 0; line < 9; line += 1) await reviewer.keyboard.press('ArrowDown');
      await reviewer.keyboard.press('Enter');
      await reviewer.locator('.new-thread').getByRole('textbox').fill(`Why not volts? ${HOSTILE}`);
      await reviewer.locator('.new-thread').getByRole('button', { name: 'Comment' }).click();
      await author.getByText('Why not volts?').waitFor();
      t.equal(
        await author.getByRole('textbox', { name: 'Write a comment' }).inputValue(),
        'half a thought',
        'unsent text survives the update',
      );
      await author.getByRole('textbox', { name: 'Write a comment' }).fill('');
      await author.keyboard.press('Tab');
      await author.getByRole('heading', { level: 1 }).focus();
      await author.keyboard.press('n');
      await author.getByRole('button', { name: 'Reply…' }).click();
      await write(author, 'Reply', 'The display has them.');
      await author.getByRole('button', { name: 'Reply', exact: true }).click();
      await reviewer.getByText('The display has them.').waitFor();
      await isAccessible(t, reviewer, 'merge request');
      await takePictures(reviewer, 'merge-request', true);
    },
  );

  await t.test('after approval it can be merged, and both pages show it', async (t) => {
    await reviewer.getByRole('button', { name: 'Approve' }).click();
    await reviewer.getByText('Ready to merge').waitFor();
    await author.getByText('Ready to merge').waitFor();
    await reviewer.getByRole('button', { name: 'Merge', exact: true }).click();
    await reviewer.locator('registry-confirm').getByRole('button', { name: 'Merge' }).click();
    await author.getByRole('heading', { name: 'Merged' }).waitFor();
    await reviewer.getByRole('link', { name: 'version 2' }).waitFor();
    await isAccessible(t, reviewer, 'merged');
    const page = await ada.client.mergeRequests.read(id);
    t.match(page, { state: 'merged', merged_version: 2 });
  });
});

t.test(
  'a push changes the page only on request, and reviews of the old head do not count',
  async (t) => {
    const { id, source_code, pushForReview } = await propose(t, 'Moved', 'First try');
    const page = await browser.open(lab, `/merge-requests/${id}`, { username: 'ada' });
    await page.getByText('Not ready to merge').waitFor();
    await write(page, 'Write a comment', 'looks right to me');
    await ada.client.mergeRequests.comment(id, { body: 'Whose volts?', file: 'Moved.py', line: 7 });
    await page.getByText('Whose volts?').waitFor();
    await page.getByRole('button', { name: 'Reply…' }).click();
    await write(page, 'Reply', 'Those of the lab');
    await page.getByRole('button', { name: 'Comment on line 7', exact: true }).click();
    await write(page, 'Comment on line 7', 'Say which ones');
    await pushForReview(source_code.replace('in volts', 'in kilovolts'), 'Second try');
    await page.getByRole('status').getByText('New commits were pushed').waitFor();
    await isAccessible(t, page, 'moved');
    await takePictures(page, 'merge-request-moved');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('alert').waitFor();
    t.equal(
      await page.getByRole('textbox', { name: 'Write a comment' }).inputValue(),
      'looks right to me',
    );
    const line = page.locator('.new-thread');
    await line.getByRole('button', { name: 'Comment' }).click();
    await line.getByRole('alert').waitFor();
    t.equal(
      (await ada.client.mergeRequests.read(id)).comments.length,
      1,
      'no comment on line 7 of another head',
    );
    await page.getByRole('button', { name: 'Show the new head' }).click();
    await page.locator('ins mark', { hasText: 'kilovolts' }).waitFor();
    const text = (label: string) => page.getByRole('textbox', { name: label }).inputValue();
    t.equal(
      await text('Reply'),
      'Those of the lab',
      'the reply survives although its thread is outdated',
    );
    const displaced = 'Your unsent comment on line 7 of Moved.py, before the push';
    t.equal(await text(displaced), 'Say which ones');
    await isAccessible(t, page, 'displaced');
    await page.reload();
    await page.getByRole('textbox', { name: 'Reply' }).waitFor();
    t.equal(await text('Reply'), 'Those of the lab', 'the reply also survives a reload');
    t.equal(await text('Write a comment'), 'looks right to me');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Ready to merge').waitFor();
    t.pass('the new head is approved');
  },
);

t.test('the check of a bench computer shows what failed and how', async (t) => {
  const { id } = await propose(t, 'Benched', 'Measure volts');
  const bench = await enrolComputer(lab, ada, nano.id, 'BENCH-01');
  await ada.client.computers.change(bench.id, { is_bench: true });
  await ada.client.labs.change(nano.id, { required_checks: { tests: '@bench' } });
  const page = await browser.open(lab, `/merge-requests/${id}`, { username: 'ada' });
  await page.getByText('a bench computer of the lab must post').waitFor();
  const difference = `step 2, call connect: expected *CLS\nsent *RST at Benched.py:9 ${HOSTILE}`;
  await bench.client.mergeRequests.check(id, {
    ...{ name: 'tests', state: 'failure', summary: '1 of 3 tests failed' },
    details: {
      items: [
        {
          name: 'tests/connect.jsonl',
          state: 'failed',
          seconds: 0.2,
          message: HOSTILE,
          difference,
        },
        { name: 'tests/sweep.jsonl', state: 'passed', seconds: 1.2 },
        { name: 'simulator', state: 'skipped', seconds: 0, message: 'There is no simulator.yaml.' },
      ],
      environment: { python: '3.13.1', packages: { numpy: '2.3.0', pyvisa: '1.15.0' } },
    },
  });
  await page.getByText('expected *CLS').waitFor();
  await page.getByText('"tests" of BENCH-01 is "failure"').waitFor();
  await page.getByText('1 failed, 1 skipped, 1 passed').click();
  await page.getByText('numpy 2.3.0').waitFor();
  await isAccessible(t, page, 'test run');
  await takePictures(page, 'merge-request-tests', true);
  await ada.client.labs.change(nano.id, { required_checks: {} });
});

t.test('a lab admin closes, reopens, edits and merges despite the policy', async (t) => {
  const { id } = await propose(t, 'Overridden', 'In a hurry');
  const page = await browser.open(lab, `/merge-requests/${id}`, { username: 'ada' });
  await page
    .getByRole('list', { name: 'Missing requirements' })
    .getByText('approval', { exact: false })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page
    .locator('registry-confirm')
    .getByRole('button', { name: 'Close merge request' })
    .click();
  await page.getByRole('button', { name: 'Reopen' }).click();
  await page
    .locator('registry-confirm')
    .getByRole('button', { name: 'Reopen merge request' })
    .click();
  await page.getByRole('button', { name: 'Edit' }).click();
  await write(page, 'Title', 'In no hurry');
  await write(page, 'Description', HOSTILE);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'In no hurry' }).waitFor();
  await page.getByText(HOSTILE).first().waitFor();
  await page.getByRole('button', { name: 'Merge anyway…' }).click();
  const dialog = page.locator('registry-confirm');
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('the beam time begins');
  await isAccessible(t, page, 'override');
  await dialog.getByRole('button', { name: 'Merge anyway' }).click();
  await page.getByRole('heading', { name: 'Merged' }).waitFor();
  const found = await ada.client.mergeRequests.read(id);
  t.match(found, { state: 'merged', title: 'In no hurry' });
});

t.test('an unsent comment survives the end of the session', async (t) => {
  const { id } = await propose(t, 'Interrupted', 'Later');
  const page = await browser.open(lab, `/merge-requests/${id}`, { username: 'ben' });
  await write(page, 'Write a comment', 'I was about to say');
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Comment', exact: true }).click();
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  const form = page.locator('session-ended-dialog');
  await form.getByLabel('Password', { exact: true }).fill('password of ben');
  await page.keyboard.press('Enter');
  await page.locator('article').getByText('I was about to say').waitFor();
  t.match((await ben.client.mergeRequests.read(id)).comments, [{ body: 'I was about to say' }]);
});
