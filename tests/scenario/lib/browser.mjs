// Debian's Chromium, without a screen and without a network beyond this machine, driven by playwright-core.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

import { defer } from './cleanup.mjs';
import { tempDir } from './sluice.mjs';
import { kDeadline } from './wait.mjs';

const kChromium = process.env.SLUICE_CHROMIUM ?? '/usr/bin/chromium';

/** Whether a browser can be given policies: they are files in a fixed place, which is put there for it alone. */
export const mayHavePolicies = spawnSync('unshare', ['--mount', 'true']).status === 0;

/** A program that runs the browser with `policies` (chromeenterprise.google/policies). */
function withPolicies(dir, policies) {
  const script = path.join(dir, 'chromium');
  const text = `#!/bin/sh
if [ -z "$SLUICE_UNSHARED" ]; then
  SLUICE_UNSHARED=1 exec unshare --mount "$0" "$@"
fi
mount -t tmpfs none /etc/chromium
mkdir -p /etc/chromium/policies/managed
cp '${dir}/policies.json' /etc/chromium/policies/managed/
exec ${kChromium} "$@"
`;
  writeFileSync(path.join(dir, 'policies.json'), JSON.stringify(policies));
  writeFileSync(script, text, { mode: 0o755 });
  return script;
}

/**
 * Starts the browser with a profile of its own; it is closed when the test `t` is over. `args` are added to its
 * command line, `env` replaces its environment.
 */
export async function startBrowser(t, { args = [], env, policies } = {}) {
  const context = await chromium.launchPersistentContext(path.join(tempDir(t), 'profile'), {
    executablePath: policies ? withPolicies(tempDir(t), policies) : kChromium,
    headless: true,
    env,
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
