/** Reviewing in the browser: two people at once, and what goes wrong on the worst of days. */
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser, takePictures } from '../helpers/browser.ts';
import { cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(180_000);
const lab = await startLab(t);
const browser = await startBrowser(t);
const { ada, ben, nano } = lab;
const HOSTILE = '<img src=x onerror=alert(1)> & <script>alert(2)</script>';

/** A definition of Ada's, and Ben's push for review. */
async function proposed(t: Test, name: string, title: string) {
  const source_code = measurement(name);
  await ada.client.definitions.create({ name, source_code, lab_id: nano.id });
  const clone = await cloneOf(t, lab, name, ben);
  const propose = async (source: string, message: string) => {
    await clone.commit({ [`${name}.py`]: source }, message);
    const pushed = await clone.push('HEAD:refs/for/main');
    t.equal(pushed.code, 0, pushed.stderr);
  };
  await propose(source_code.replace('in volts', `in millivolts, ${HOSTILE}`), title);
  const { items } = await ben.client.mergeRequests.list({ state: 'open' });
  const id = items.find(({ definition }) => definition.name === name)?.id ?? 0;
  return { id, source_code, propose };
}

const write = (page: Page, label: string, text: string) =>
  page.getByRole('textbox', { name: label }).fill(text);

t.test('what waits is listed; a viewer has no such page', async (t) => {
  const { id } = await proposed(t, 'Listed', `Speak of millivolts ${HOSTILE}`);
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
    'the way back only',
  );
});

t.test('two people review at once: threads, approval, merge', async (t) => {
  const { id } = await proposed(t, 'Reviewed', 'Speak of millivolts');
  const [reviewer, author] = [
    await browser.open(lab, `/merge-requests/${id}`, { username: 'ada' }),
    await browser.open(lab, `/merge-requests/${id}`, { username: 'ben' }),
  ];
  await reviewer.getByText('Not ready to merge').waitFor();
  t.equal(
    await author.getByRole('button', { name: 'Approve' }).count(),
    0,
    'the author decides nothing',
  );

  await t.test(
    'a line is commented on by keyboard, and the author sees it without doing anything',
    async (t) => {
      await author
        .getByRole('textbox', { name: 'Write a comment' })
        .fill('half a thought');
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
        'what is half typed survives the update',
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

  await t.test('approved, it can be merged, and everybody sees that it was', async (t) => {
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
  'a push under the eyes of a reviewer changes nothing until asked for, and no review of the old head counts',
  async (t) => {
    const { id, source_code, propose } = await proposed(t, 'Moved', 'First try');
    const page = await browser.open(lab, `/merge-requests/${id}`, { username: 'ada' });
    await page.getByText('Not ready to merge').waitFor();
    await write(page, 'Write a comment', 'looks right to me');
    await ada.client.mergeRequests.comment(id, { body: 'Whose volts?', file: 'Moved.py', line: 7 });
    await page.getByText('Whose volts?').waitFor();
    await page.getByRole('button', { name: 'Reply…' }).click();
    await write(page, 'Reply', 'Those of the lab');
    await page.getByRole('button', { name: 'Comment on line 7', exact: true }).click();
    await write(page, 'Comment on line 7', 'Say which ones');
    await propose(source_code.replace('in volts', 'in kilovolts'), 'Second try');
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
    t.equal((await ada.client.mergeRequests.read(id)).comments.length, 1, 'not on another line 7');
    await page.getByRole('button', { name: 'Show the new head' }).click();
    await page.locator('ins mark', { hasText: 'kilovolts' }).waitFor();
    const text = (label: string) => page.getByRole('textbox', { name: label }).inputValue();
    t.equal(await text('Reply'), 'Those of the lab', 'the thread went, what was written did not');
    const displaced = 'Your unsent comment on line 7 of Moved.py, before the push';
    t.equal(await text(displaced), 'Say which ones');
    await isAccessible(t, page, 'displaced');
    await page.reload();
    await page.getByRole('textbox', { name: 'Reply' }).waitFor();
    t.equal(await text('Reply'), 'Those of the lab', 'a reload loses nothing either');
    t.equal(await text('Write a comment'), 'looks right to me');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Ready to merge').waitFor();
    t.pass('the new head is approved');
  },
);

t.test(
  'what is missing is said; a lab admin may set policy aside with a reason, and close',
  async (t) => {
    const { id } = await proposed(t, 'Overridden', 'In a hurry');
    const page = await browser.open(lab, `/merge-requests/${id}`, { username: 'ada' });
    await page
      .getByRole('list', { name: 'Missing requirements' })
      .getByText('approval', { exact: false })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.locator('registry-confirm').getByRole('button', { name: 'Close merge request' }).click();
    await page.getByRole('button', { name: 'Reopen' }).click();
    await page.locator('registry-confirm').getByRole('button', { name: 'Reopen merge request' }).click();
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
  },
);

t.test('a session that ends in mid-comment loses nothing', async (t) => {
  const { id } = await proposed(t, 'Interrupted', 'Later');
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
