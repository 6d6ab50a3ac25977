// PROXY headers towards backends, with HAProxy and nginx as they are used.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { listen } from './lib/backends.mjs';
import { kClient, kProxy, parseProxyV2, startHaproxy, startNginx } from './lib/proxies.mjs';
import { connectTls } from './lib/raw_client.mjs';
import { start, tempDir } from './lib/sluice.mjs';
import { makeTls } from './lib/tls.mjs';
import { openWs } from './lib/ws_client.mjs';

test('v1 to a backend, and the early bytes behind it', async (t) => {
  const backend = await listen(t, () => {});
  const sluice = await start(t, {
    backends: { b: { servers: [backend.address], proxy_protocol: 'v1' } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'b' }],
  });
  const client = await openWs(t, sluice.url(), { localAddress: kClient });
  client.send(Buffer.from('payload'));
  const { localPort } = client.socket._socket;
  const expected = `PROXY TCP4 ${kClient} 127.0.0.1 ${localPort} ${sluice.port}\r\npayload`;
  const peer = await backend.peer();
  assert.equal((await peer.receive(expected.length)).toString(), expected);
});

test('v2 to a backend tells the address, the host, the session and what there is of TLS', async (t) => {
  const backend = await listen(t, () => {});
  const { ca, certificates } = makeTls(t);
  const sluice = await start(t, {
    listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0', tls: { certificates } }],
    trusted_proxies: [kProxy],
    backends: { b: { servers: [backend.address], proxy_protocol: 'v2' } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'b' }],
  });
  const receive = async (i) => {
    const peer = await backend.peer(i);
    return parseProxyV2(await peer.receive(28));
  };
  const plain = await openWs(t, sluice.url(), {
    localAddress: kProxy,
    headers: { 'X-Forwarded-For': '203.0.113.9', Host: 'Lab.Example.com:8080' },
  });
  const one = await receive(0);
  assert.equal(one.source, '203.0.113.9:0');
  assert.equal(one.destination, `127.0.0.1:${sluice.port}`);
  assert.equal(one.tlvs[2].toString(), 'lab.example.com');
  assert.equal(one.tlvs[1], undefined);
  assert.equal(one.ssl, undefined);
  await plain.close();
  const [line] = await sluice.sessions(1);
  assert.equal(one.tlvs[5].toString(), line.connection);

  const port = Number(sluice.address(1).split(':')[1]);
  const client = await connectTls(t, port, { ca, servername: 'localhost', minVersion: 'TLSv1.3', localAddress: kClient });
  await client.upgrade({ host: 'other.example.com' });
  const two = await receive(1);
  assert.match(two.source, /^127\.0\.0\.3:/);
  assert.equal(two.tlvs[1].toString(), 'http/1.1');
  assert.equal(two.tlvs[2].toString(), 'localhost', 'the name in the TLS');
  assert.equal(two.ssl.client, 1, 'TLS without a certificate');
  assert.notEqual(two.ssl.verify, 0);
  assert.equal(two.ssl.tlvs[0x21].toString(), 'TLSv1.3');
  assert.match(two.ssl.tlvs[0x23].toString(), /^TLS_/);
});

test('v2 to a backend keeps a host that is a token to itself', async (t) => {
  const backend = await listen(t, () => {});
  const tokens = path.join(tempDir(t), 'tokens');
  writeFileSync(tokens, `s3cret.example.com: ${backend.address}\n`);
  const sluice = await start(t, {
    routes: [
      {
        name: 'main',
        match: { path: '/' },
        backend: { from: 'token', proxy_protocol: 'v2' },
        auth: { token: { file: tokens, from: 'host' } },
      },
    ],
  });
  await openWs(t, sluice.url(), { headers: { Host: 's3cret.example.com' } });
  const header = parseProxyV2(await (await backend.peer()).receive(28));
  assert.equal(header.tlvs[2], undefined);
  assert.equal(header.tlvs[5].toString().length, 16);
});

test('HAProxy as the backend takes v1 and v2, and reports the client', async (t) => {
  const haproxy = await startHaproxy(t, `
frontend in
  mode http
  bind fd@3 accept-proxy
  http-request return status 200 content-type text/plain lf-string "<%[src] %[src_port] %[dst] %[dst_port] %[fc_pp_authority] %[fc_pp_unique_id]>"`);
  const server = (version) => ({ servers: [haproxy.address], proxy_protocol: version });
  const sluice = await start(t, {
    backends: { one: server('v1'), two: server('v2') },
    routes: ['one', 'two'].map((name) => ({ name, match: { path: `/${name}` }, backend: name })),
  });
  for (const [i, name] of ['one', 'two'].entries()) {
    const client = await openWs(t, sluice.url(`/${name}`), { localAddress: kClient });
    client.send(Buffer.from('GET / HTTP/1.0\r\n\r\n'));
    const { localPort } = client.socket._socket;
    await client.waitForClose();
    const { connection } = (await sluice.sessions(i + 1)).at(-1);
    const details = name === 'two' ? `127.0.0.1 ${connection}` : ' ';
    const expected = `<${kClient} ${localPort} 127.0.0.1 ${sluice.port} ${details}>`;
    assert.ok(client.received().includes(expected), `${client.received()}\n${expected}`);
  }
});

test('nginx as the backend takes v2 and reports the client', async (t) => {
  const report = '<$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_addr:$proxy_protocol_server_port>';
  const nginx = await startNginx(t, `    location / { return 200 "${report}"; }`, 'proxy_protocol');
  const sluice = await start(t, {
    trusted_proxies: ['127.0.0.1'],
    backends: { b: { servers: [nginx.address], proxy_protocol: 'v2' } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'b' }],
  });
  const client = await openWs(t, sluice.url(), { headers: { 'X-Forwarded-For': '[2001:db8::1]:4711' } });
  client.send(Buffer.from('GET / HTTP/1.0\r\n\r\n'));
  await client.waitForClose();
  const expected = `<2001:db8::1:4711 ::ffff:127.0.0.1:${sluice.port}>`;
  assert.ok(client.received().includes(expected), `${client.received()}\n${expected}`);
});
