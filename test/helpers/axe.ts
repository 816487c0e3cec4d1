/** Checks pages with Deque's axe, for the accessibility rules of WCAG 2.2 A and AA and best practices. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';
import { NARROW, setTheme, type Theme, WIDE, ZOOMED } from './browser.ts';

const script = await readFile(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

/** The rules about colours. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];
const ALL: RunOptions = {};
const COLOURS: RunOptions = { runOnly: COLOUR_RULES };
const WITHOUT_COLOURS: RunOptions = {
  rules: Object.fromEntries(COLOUR_RULES.map((rule) => [rule, { enabled: false }])),
};

/**
 * Asserts that axe finds nothing in light and dark, wide and narrow. A narrow page must not scroll sideways. Nothing
 * may move, because the test browser requests reduced motion.
 */
export async function isAccessible(t: Test, page: Page, name: string): Promise<void> {
  const before = page.viewportSize() ?? WIDE;
  // The page's content security policy blocks foreign scripts, but not scripts that the debugger injects.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(script);
  // The colours do not depend on the width, and the layout does not depend on the colours.
  for (const [viewport, runs] of [
    [WIDE, { dark: COLOURS, light: ALL }],
    [NARROW, { light: WITHOUT_COLOURS }],
  ] as const) {
    await page.setViewportSize(viewport);
    for (const [theme, rules] of Object.entries(runs)) {
      await setTheme(page, theme as Theme);
      t.same(
        await findings(page, rules),
        [],
        `${name}: axe finds nothing, ${theme}, ${viewport.width} px`,
      );
    }
    t.same(await tooWide(page), [], `${name}: nothing scrolls sideways at ${viewport.width} px`);
  }
  t.same(await moving(page), [], `${name}: nothing moves where reduced motion is asked for`);
  await page.setViewportSize(ZOOMED);
  t.same(await tooWide(page), [], `${name}: nothing scrolls sideways at 200 % zoom`);
  await setTheme(page, 'light');
  await page.setViewportSize(before);
}

async function findings(page: Page, rules: RunOptions): Promise<string[]> {
  const options: RunOptions = { ...rules, resultTypes: ['violations'] };
  const { violations } = await page.evaluate(
    async (given) =>
      await (globalThis as unknown as { axe: { run(o: object): Promise<AxeResults> } }).axe.run(
        given,
      ),
    options,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, html, any }) =>
      [id, help, JSON.stringify(target), html.slice(0, 200), any[0]?.message].join(' | '),
    ),
  );
}

/** The kinds of elements whose animations or transitions take time, except spinners. */
async function moving(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const found = new Set<string>();
    const takesTime = (durations: string) =>
      durations.split(',').some((one) => Number.parseFloat(one) > (one.endsWith('ms') ? 1 : 0.001));
    const visit = (root: ParentNode, within: string) => {
      for (const element of root.querySelectorAll('*')) {
        const style = getComputedStyle(element);
        const moves =
          (style.animationName !== 'none' && takesTime(style.animationDuration)) ||
          takesTime(style.transitionDuration);
        const name = `${within} ${element.localName}`;
        if (moves && !within.includes('wa-spinner')) found.add(name);
        if (element.shadowRoot) visit(element.shadowRoot, name);
      }
    };
    visit(document, '');
    return [...found];
  });
}

/** The innermost elements that make the page scroll sideways. The list is empty if the page does not scroll. */
async function tooWide(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const found: string[] = [];
    const visit = (root: ParentNode) => {
      for (const element of root.querySelectorAll('*')) {
        const { right, width } = element.getBoundingClientRect();
        const isInner = element.childElementCount === 0 && !element.shadowRoot;
        if (right > clientWidth && width > 0 && isInner)
          found.push(element.outerHTML.slice(0, 200));
        if (element.shadowRoot) visit(element.shadowRoot);
      }
    };
    visit(document);
    return found.length > 0 ? found : [`${scrollWidth - clientWidth} px`];
  });
}
