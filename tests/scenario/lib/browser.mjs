// Debian's Chromium, without a screen and without a network beyond this machine, driven by playwright-core.
import path from 'node:path';
import { chromium } from 'playwright-core';

import { defer } from './cleanup.mjs';
import { tempDir } from './sluice.mjs';
import { kDeadline } from './wait.mjs';

const kChromium = process.env.SLUICE_CHROMIUM ?? '/usr/bin/chromium';

/**
 * Starts the browser with a profile of its own; it is closed when the test `t` is over. `args` are added to its
 * command line.
 */
export async function startBrowser(t, { args = [] } = {}) {
  const context = await chromium.launchPersistentContext(path.join(tempDir(t), 'profile'), {
    executablePath: kChromium,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...args,
    ],
    viewport: { width: 1000, height: 900 },
  });
  defer(t, () => context.close());
  context.setDefaultTimeout(kDeadline);
  return context;
}

/**
 * Opens `url` in a new tab. What goes wrong in the page is kept in `page.problems`, what it asks for in
 * `page.requests`.
 */
export async function openPage(t, browser, url) {
  const page = await browser.newPage();
  defer(t, () => page.close());
  page.problems = [];
  page.requests = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') page.problems.push(message.text());
  });
  page.on('request', (request) => page.requests.push(request.url()));
  const response = await page.goto(url);
  if (!response.ok()) throw new Error(`${url} answered ${response.status()}: ${await response.text()}`);
  return page;
}
