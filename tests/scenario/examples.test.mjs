// The examples in config/examples do what their comments promise, with the clients that they are for.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import WebSocket from 'ws';

import { greeter } from './lib/backends.mjs';
import { startDns } from './lib/dns.mjs';
import { makeNamedFiles } from './lib/named_files.mjs';
import { kPassword, startPostgres } from './lib/postgres.mjs';
import { kProjectRoot, portOf, startWithArgs, tempDir } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

function readExample(name) {
  return readFileSync(path.join(kProjectRoot, 'config/examples', name), 'utf8');
}

/** Starts an example with other addresses: `changes` is a list of [text in the file, replacement]. */
async function startExample(t, name, changes, files = {}) {
  const dir = tempDir(t);
  const file = path.join(dir, name);
  const text = changes.reduce((before, [from, to]) => {
    assert.ok(before.includes(from), `${name} has ${from}`);
    return before.replace(from, to);
  }, readExample(name));
  writeFileSync(file, text);
  makeNamedFiles(file);
  for (const [named, content] of Object.entries(files)) writeFileSync(path.join(dir, named), content);
  return startWithArgs(t, ['--config', file], { configText: text });
}

test("neon.yaml: Neon's driver connects with the settings of the comment", async (t) => {
  globalThis.crypto ??= webcrypto; // Node 18.
  const { Client, neonConfig } = await import('@neondatabase/serverless');
  const port = portOf(await startPostgres(t));
  const dns = await startDns(t, { 'main.db.internal': { A: ['127.0.0.1'] } });
  const sluice = await startExample(t, 'neon.yaml', [
    ['listeners:\n', `dns: {servers: ["${dns.address}"]}\nlisteners:\n`],
    ['"[::]:443"', '127.0.0.1:0'],
    ['*.db.internal:5432', `*.db.internal:${port}`],
    ['10.1.0.0/16:5432', `127.0.0.0/8:${port}`],
  ]);
  const settings = [...readExample('neon.yaml').matchAll(/^# +(neonConfig\..*)$/gm)].map((m) => m[1]).join('\n');
  assert.match(settings, /wsProxy/);
  new Function('neonConfig', settings.replace('gateway.example.com', `127.0.0.1:${sluice.port}`))(neonConfig);
  const options = { origin: 'https://app.example.com', rejectUnauthorized: false };
  neonConfig.webSocketConstructor = class extends WebSocket {
    constructor(url) {
      super(url, options);
    }
  };
  const client = new Client({
    host: 'main.db.internal', port, user: 'postgres', password: kPassword, database: 'postgres',
  });
  await client.connect();
  const { rows } = await client.query('select 41 + 1 as sum');
  assert.equal(rows[0].sum, 42);
  await client.end();
});

test("websockify-tokens.yaml: a page of noVNC, opened as the comment shows, reaches its token's server", async (t) => {
  const server = await greeter(t, 'RFB 003.008\n');
  const sluice = await startExample(t, 'websockify-tokens.yaml', [['"6080"', '"0.0.0.0:0"']], {
    tokens: `screen1: ${server.address}\n`,
  });
  const [address] = /http:\S+vnc\.html\S+/.exec(readExample('websockify-tokens.yaml'));
  const page = new URL(address);
  const where = `/${page.searchParams.get('path').replace('TOKEN', 'screen1')}`;
  const client = await openWs(t, sluice.url(where), { origin: page.origin, headers: { Host: 'gateway.example.com:6080' } });
  assert.equal((await client.receive(12)).toString(), 'RFB 003.008\n');
  await client.close(1000);
});
