/**
 * "Trojan Source" in the browser: hidden characters make reviewers read a line differently from Python. The pages show
 * hidden characters as code points, so that they do not reorder the text.
 */
import type { Page } from 'playwright-core';
import t from 'tap';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser } from '../helpers/browser.ts';
import { cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(180_000);
const lab = await startLab(t);
const browser = await startBrowser(t);
const { ada, ben, nano } = lab;

const TROJAN = '# \u202e } \u2066if admin\u2069 \u2066 begin ⚠️\n';
const PATH = '/definitions/Trojan';

const made = await ada.client.definitions.create({
  ...{ name: 'Trojan', source_code: measurement('Trojan'), lab_id: nano.id },
});
const clone = await cloneOf(t, lab, 'Trojan', ben);
await clone.commit({ 'Trojan.py': measurement('Trojan', 2) + TROJAN }, 'x');
const author = 'E\u202eve <ben@lab.example>';
await clone.git('commit', '-q', '--amend', '--author', author, '-m', 'Measure\u202e two');
await clone.push('HEAD:refs/for/main');
const [row] = (await ada.client.mergeRequests.list({ definition_id: made.id })).items;
const id = row?.id ?? 0;

/** Whether the diff on the page contains no hidden characters. */
const hasNoHidden = async (page: Page) => {
  const texts = await page.locator('registry-diff-file .text').allTextContents();
  return texts.length > 0 && !/[\u202a-\u202e\u2066-\u2069\u200b]/.test(texts.join());
};

t.test('a merge request reveals hidden characters in the diff, commits and checks', async (t) => {
  const page = await browser.open(lab, `/merge-requests/${id}`, { username: 'ada' });
  const lines = page.locator('registry-diff-file ins');
  await lines.locator('.hidden-character').first().waitFor();
  t.same(await lines.locator('.hidden-character').allTextContents(), [
    ...['U+202E', 'U+2066', 'U+2069', 'U+2066'],
  ]);
  t.ok((await page.getByTitle('U+202E (right-to-left override)').count()) > 0);
  await page.getByText('warning: Trojan.py:').waitFor();
  t.ok(await hasNoHidden(page));
  await isAccessible(t, page, 'a review with hidden characters');
});

t.test('the code view and the editor reveal hidden characters', async (t) => {
  const { head } = await ada.client.mergeRequests.read(id);
  await ada.client.mergeRequests.review(id, { verdict: 'approve', head });
  await ada.client.mergeRequests.merge(id, { head, change_summary: 'Measure two' });
  const page = await browser.open(lab, `${PATH}?view=code`, { username: 'ada' });
  await page.locator('registry-code .hidden-character').nth(3).waitFor();
  t.equal(await page.locator('registry-code .hidden-character').count(), 4);
  await page.goto(`${lab.url}${PATH}/edit`);
  const content = page.locator('.cm-content');
  await content.click();
  await page.keyboard.press('Control+End');
  await content.locator('.hidden-character').nth(3).waitFor();
  t.equal(await content.locator('.hidden-character').count(), 4, 'the emoji stays whole');
});
