// JSON Web Tokens with real keys, and the attacks on them.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { assertSecret, bearer, kSecret, letsIn, refuses, startGuarded } from './lib/auth.mjs';
import { file, replace } from './lib/files.mjs';
import { encode, makeJwt, makeKeys, secondsFromNow, signature } from './lib/jwt.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';

const kGood = () => ({ sub: 'anna', iss: 'us', aud: ['them', 'sluice'], exp: secondsFromNow(600) });
const kRules = { issuer: 'us', audience: 'sluice' };

for (const algorithm of ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA']) {
  test(`jwt: ${algorithm}, by header and by subprotocol; damaged ones are refused`, async (t) => {
    const keys = algorithm.startsWith('HS') ? { privateKey: kSecret, pem: `${kSecret}\n` } : makeKeys(algorithm);
    const sluice = await startGuarded(
      t,
      { jwt: { algorithms: [algorithm], key_file: file(t, 'key', keys.pem), ...kRules } },
      { auth_failures: 'off' },
    );
    const token = makeJwt(algorithm, kGood(), keys.privateKey);
    await letsIn(t, sluice, '/', bearer(token));
    const client = await letsIn(t, sluice, '/', { protocols: ['mqtt', 'bearer', token] });
    assert.equal(client.socket.protocol, 'mqtt', 'the token is not echoed');
    const answer = await refuses(t, sluice, '/', bearer(token.slice(0, -1)));
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
    const [head, body, mac] = token.split('.');
    const forged = encode({ ...kGood(), sub: 'root' });
    for (const bad of [
      `${head}.${forged}.${mac}`, `${head}.${body}.`, `${head}.${body}`, `${head}.${body}.${mac}A`,
      `${head}.${body}.${mac}.${mac}`, `.${body}.${mac}`, '', '..', 'x',
      `${encode({ alg: 'none' })}.${body}.`, `${encode({ alg: 'None' })}.${body}.${mac}`,
      `${encode({})}.${body}.${mac}`,
    ]) {
      await refuses(t, sluice, '/', bearer(bad));
    }
    await client.close(1000);
    await sluice.event('session', { user: 'anna', auth: 'jwt' });
    assertSecret(sluice, token, mac, body);
  });
}

test('jwt: what the claims say is checked, and what stands twice is refused', async (t) => {
  const keys = makeKeys('ES256');
  const sluice = await startGuarded(
    t,
    {
      jwt: {
        algorithms: ['ES256'], key_file: file(t, 'key.pem', keys.pem), ...kRules, leeway: '10s',
        claims: { role: ['admin', 'operator'], level: '3' },
      },
    },
    { auth_failures: 'off' },
  );
  const good = () => ({ ...kGood(), role: 'operator', level: 3 });
  const make = (claims, header) => bearer(makeJwt('ES256', claims, keys.privateKey, header));
  await letsIn(t, sluice, '/', make(good()));
  await letsIn(t, sluice, '/', make({ ...good(), role: ['guest', 'admin'], aud: 'sluice' }));
  await letsIn(t, sluice, '/', make({ ...good(), exp: secondsFromNow(-5), nbf: secondsFromNow(5) }));
  for (const [claims, why] of [
    [{ ...good(), exp: secondsFromNow(-60) }, 'it has expired'],
    [{ ...good(), exp: undefined }, "it has no 'exp'"],
    [{ ...good(), exp: `${secondsFromNow(60)}` }, "its 'exp' is not a time"],
    [{ ...good(), exp: 1e300 }, "its 'exp' is not a time"],
    [{ ...good(), nbf: secondsFromNow(60) }, 'it is not valid yet'],
    [{ ...good(), aud: 'them' }, 'it is for another audience'],
    [{ ...good(), aud: undefined }, 'it is for another audience'],
    [{ ...good(), iss: 'them' }, 'it is from another issuer'],
    [{ ...good(), iss: ['us'] }, 'it is from another issuer'],
    [{ ...good(), role: 'guest' }, "its claim 'role' is not one that is let in"],
    [{ ...good(), role: undefined }, "it lacks the claim 'role'"],
    [{ ...good(), level: 33 }, "its claim 'level' is not one that is let in"],
    [JSON.stringify(good()).replace('{', '{"sub":"root",'), 'its claims are not a JSON object'],
    ['[]', 'its claims are not a JSON object'],
    ['{"a":'.repeat(300) + '1' + '}'.repeat(300), 'its claims are not a JSON object'],
  ]) {
    // The log takes ten such lines a second, so this may have to be said again.
    await sluice.waitFor(`a refusal because ${why}`, async () => {
      await refuses(t, sluice, '/', make(claims));
      return sluice.eventsOf('refused', { reason: 'unauthorized', detail: `jwt: ${why}` })[0];
    });
  }
  await sluice.waitFor('a refusal of critical extensions', async () => {
    await refuses(t, sluice, '/', make(good(), { crit: ['exp'] }));
    return sluice.eventsOf('refused', { detail: 'jwt: it has critical extensions' })[0];
  });
  // Two headers: somebody in front of us might have looked at the other one.
  const client = await connectRaw(t, sluice.port);
  client.write(upgradeHead({ headers: { Authorization: [make(good()).headers.Authorization, 'Bearer x'] } }));
  assert.equal((await client.readResponse()).status, 401);
});

test('jwt: the public key of RS256 is no secret of HS256, and keys in a header count for nothing', async (t) => {
  const keys = makeKeys('RS256');
  const mine = makeKeys('RS256');
  const sluice = await startGuarded(
    t,
    { jwt: { algorithms: ['RS256'], key_file: file(t, 'key.pem', keys.pem), ...kRules } },
    { auth_failures: 'off' },
  );
  for (const secret of [keys.pem, keys.pem.trim()]) {
    const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(kGood())}`;
    await refuses(t, sluice, '/', bearer(`${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`));
  }
  // The word says RS256, the arithmetic is HMAC.
  const text = `${encode({ alg: 'RS256' })}.${encode(kGood())}`;
  await refuses(t, sluice, '/', bearer(`${text}.${signature('HS256', text, keys.pem)}`));
  for (const header of [{ jwk: mine.jwk }, { jku: 'http://127.0.0.1:1/jwks' }, { kid: '/dev/null' }]) {
    await refuses(t, sluice, '/', bearer(makeJwt('RS256', kGood(), mine.privateKey, header)));
  }
  await refuses(t, sluice, '/', bearer(makeJwt('RS384', kGood(), keys.privateKey)));
  await letsIn(t, sluice, '/', bearer(makeJwt('RS256', kGood(), keys.privateKey)));
});

test('jwt: a JWK set with several keys, which is read anew when a key is replaced', async (t) => {
  const keys = { es: makeKeys('ES256'), rs: makeKeys('RS256'), ed: makeKeys('EdDSA'), new: makeKeys('ES256') };
  const set = (...names) =>
    JSON.stringify({ keys: [
      { kty: 'RSA', use: 'enc', n: 'AQAB', e: 'AQAB', kid: 'other' },
      ...names.map((kid) => ({ ...keys[kid].jwk, kid, use: 'sig' })),
    ] });
  const jwks = file(t, 'jwks.json', set('es', 'rs', 'ed'));
  const sluice = await startGuarded(
    t,
    { jwt: { algorithms: ['ES256', 'RS256', 'EdDSA'], jwks_file: jwks, ...kRules } },
    { auth_failures: 'off' },
  );
  const by = (algorithm, name, kid = name) =>
    bearer(makeJwt(algorithm, kGood(), keys[name].privateKey, kid === null ? {} : { kid }));
  await letsIn(t, sluice, '/', by('ES256', 'es'));
  await letsIn(t, sluice, '/', by('RS256', 'rs'));
  await letsIn(t, sluice, '/', by('EdDSA', 'ed'));
  await letsIn(t, sluice, '/', by('ES256', 'es', null));
  await refuses(t, sluice, '/', by('ES256', 'es', 'rs'));
  await refuses(t, sluice, '/', by('ES256', 'es', 'nobody'));
  await refuses(t, sluice, '/', by('ES256', 'new'));
  replace(jwks, '{"keys": []}');
  sluice.child.kill('SIGHUP');
  await sluice.event('auth_kept', { method: 'jwt' });
  await letsIn(t, sluice, '/', by('ES256', 'es'));
  replace(jwks, set('new'));
  sluice.child.kill('SIGHUP');
  await sluice.event('auth_reloaded', { method: 'jwt' });
  await letsIn(t, sluice, '/', by('ES256', 'new'));
  await refuses(t, sluice, '/', by('ES256', 'es'));
});

test('jwt: when it expires the session ends with 1008 token_expired', async (t) => {
  const sluice = await startGuarded(t, {
    jwt: { algorithms: ['HS256'], key_file: file(t, 'secret', kSecret), leeway: 'off' },
  });
  const token = (seconds) => makeJwt('HS256', { sub: 'anna', exp: secondsFromNow(seconds) }, kSecret);
  const long = await letsIn(t, sluice, '/', bearer(token(3600)));
  const short = await letsIn(t, sluice, '/', bearer(token(3)));
  assert.deepEqual(await short.waitForClose(), { code: 1008, reason: 'token_expired' });
  await sluice.event('session', { reason: 'token_expired', code: 1008, user: 'anna' });
  await sluice.metric('sluice_sessions_closed_total', { reason: 'token_expired', code: 1008 }, 1);
  assert.equal(long.closeEvent, undefined);
});

test('bearer alone among the offers is echoed, since a browser would fail the connection', async (t) => {
  const sluice = await startGuarded(t, {
    jwt: { algorithms: ['HS256'], key_file: file(t, 'secret', kSecret), require_expiry: false },
  }, { route: { subprotocols: ['mqtt'] } });
  const token = makeJwt('HS256', { sub: 'anna' }, kSecret);
  const alone = await letsIn(t, sluice, '/', { protocols: ['bearer', token] });
  assert.equal(alone.socket.protocol, 'bearer');
  const other = await letsIn(t, sluice, '/', { protocols: ['bearer', token, 'mqtt'] });
  assert.equal(other.socket.protocol, 'mqtt');
});
