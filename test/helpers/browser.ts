/** A real browser on a real registry. Each process has one browser, and each window has its own context. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Browser,
  type BrowserContext,
  type Page,
  chromium as playwright,
} from 'playwright-core';
import root, { type Test } from 'tap';
import { chromium } from './chromium.ts';
import { once } from './once.ts';
import type { TestRegistry } from './registry.ts';

export type Theme = 'light' | 'dark';

export const WIDE = { width: 1280, height: 900 };
/** The size of the narrowest phone. */
export const NARROW = { width: 360, height: 780 };
/** The size of a laptop's screen at 200 % zoom. */
export const ZOOMED = { width: 640, height: 400 };

const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

export interface BrowserOptions {
  username?: string;
  theme?: Theme;
  viewport?: { width: number; height: number };
  /** Another server that the window may contact: the provider of single sign-on. */
  elsewhere?: string;
  /** Skips the checks of windows, for a test where the user is the victim of an attack. */
  unwatched?: boolean;
}

export interface TestBrowser {
  /** Opens a window. The user is signed in with the password of `startRegistry`, or is nobody. */
  open(registry: TestRegistry, path: string, options?: BrowserOptions): Promise<Page>;
}

/**
 * Opens windows and closes them when the test ends. Every window is checked: no request may go to another server, no
 * error may be logged to the console or thrown in a page, and no file may be missing. Problem documents are allowed,
 * because pages handle conflicts and missing things.
 */
export async function startBrowser(t: Test): Promise<TestBrowser> {
  const browser = await sharedBrowser();
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];
  t.teardown(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    // The tests have ended, so assertions are no longer possible. A teardown that throws makes the file fail.
    if (complaints.length > 0) throw new Error(`windows complained:\n${complaints.join('\n')}`);
  });
  return {
    open: async (registry, path, options = {}) => {
      const context = await contextFor(browser, registry, options);
      contexts.push(context);
      if (!options.unwatched) watch(context, registry.url, options.elsewhere, complaints);
      const page = await context.newPage();
      await page.goto(registry.url + path);
      await page.locator('h1').first().waitFor();
      return page;
    },
  };
}

/** Test files of a process share one browser, because starting it takes three seconds of CPU time. */
const sharedBrowser = once(async () => {
  const { executablePath, args, env } = await chromium();
  const browser = await playwright.launch({
    executablePath,
    args,
    env: { ...(process.env as Record<string, string>), ...env },
  });
  root.teardown(() => browser.close());
  return browser;
});

async function contextFor(
  browser: Browser,
  registry: TestRegistry,
  { username, theme = 'light', viewport = WIDE }: BrowserOptions,
): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport,
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  context.setDefaultTimeout(20_000);
  if (username !== undefined) {
    const password = `password of ${username}`;
    const answer = await context.request.post(`${registry.url}/api/auth/login`, {
      data: { username, password },
    });
    if (!answer.ok()) throw new Error(`${username} cannot sign in: ${await answer.text()}`);
  }
  return context;
}

function watch(
  context: BrowserContext,
  url: string,
  elsewhere: string | undefined,
  complaints: string[],
): void {
  context.on('request', (request) => {
    const address = request.url();
    const allowed = [`${url}/`, 'data:', ...(elsewhere === undefined ? [] : [`${elsewhere}/`])];
    if (!allowed.some((beginning) => address.startsWith(beginning))) {
      complaints.push(`asked outside of the registry: ${address}`);
    }
  });
  context.on('response', (response) => {
    const { pathname } = new URL(response.url());
    const isApi = pathname.startsWith('/api/');
    const isPage = response.request().isNavigationRequest();
    if (response.status() >= (isApi ? 500 : 400) && !isPage) {
      complaints.push(`${response.status()} ${pathname}`);
    }
  });
  context.on('console', (message) => {
    // Chromium logs every status of 400 and above to the console. The code above checks the statuses of responses.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
    complaints.push(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => complaints.push(`thrown: ${error.error().stack}`));
}

/** The text of the focused element, also inside open shadow roots. 'BODY' if nothing has the focus. */
export async function focusedText(page: Page): Promise<string> {
  return await page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement && !element.localName.startsWith('wa-')) {
      element = element.shadowRoot.activeElement;
    }
    return element === document.body ? 'BODY' : (element?.textContent?.trim() ?? '');
  });
}

/** Switches the theme as the system would, and waits until the page is painted. */
export async function setTheme(page: Page, colorScheme: Theme): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.waitForFunction(
    (theme) => document.documentElement.classList.contains(`wa-${theme}`),
    colorScheme,
  );
  await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
  });
}

/**
 * With `PICTURES=1`, saves pictures of the page in light and dark, wide and narrow, as
 * `docs/pictures/<name>-<theme>-<width>.png`. A picture shows the visible part or the whole page. Without `PICTURES`,
 * takes one picture into a temporary folder, to check that taking pictures works.
 */
export async function takePictures(page: Page, name: string, fullPage = false): Promise<void> {
  const kept = process.env.PICTURES !== undefined;
  const folder = kept ? PICTURES : await mkdtemp(join(tmpdir(), 'pictures-'));
  await mkdir(folder, { recursive: true });
  const before = page.viewportSize() ?? WIDE;
  // Without `PICTURES`, one picture is enough to show that taking pictures works.
  for (const viewport of kept ? [WIDE, NARROW] : [WIDE]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of kept ? (['light', 'dark'] as const) : (['light'] as const)) {
      await setTheme(page, colorScheme);
      await page.evaluate(() => document.fonts.ready);
      const path = join(folder, `${name}-${colorScheme}-${viewport.width}.png`);
      await page.evaluate(() => scrollTo(0, 0));
      const still = { animations: 'disabled', scale: 'css', caret: 'hide' } as const;
      await page.screenshot({ path, fullPage, ...still });
    }
  }
  await setTheme(page, 'light');
  await page.setViewportSize(before);
  if (!kept) await rm(folder, { recursive: true });
}
