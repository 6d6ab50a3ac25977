// Hosts of a test's own: network namespaces. They need root and iproute2.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { defer } from './cleanup.mjs';

let hosts = 0;

export function ip(...args) {
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  assert.equal(status, 0, `ip ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/**
 * Creates a host that has the address `inside` and is connected to this one, which gets the address `outside`. Returns
 * its name. Test files that run at the same time need different addresses.
 */
export function makeHost(t, outside, inside) {
  return makeLinkedHost(t, outside, inside).name;
}

/**
 * As makeHost, with link-local addresses, too: fe80::1 is this host, fe80::2 the other one. Returns {name, zone,
 * number}: the zone of the link here, and the number of the interface `inside`, which is the zone there.
 */
export function makeNeighbour(t, outside, inside) {
  const { name, link } = makeLinkedHost(t, outside, inside);
  ip('-n', name, 'link', 'set', 'lo', 'up'); // Its own addresses are reached through it.
  ip('addr', 'add', 'fe80::1/64', 'dev', link, 'nodad');
  ip('-n', name, 'addr', 'add', 'fe80::2/64', 'dev', 'inside', 'nodad');
  return { name, zone: link, number: interfaceNumber('inside', '-n', name) };
}

/** The number of an interface here, or elsewhere as `options` of ip say. */
export function interfaceNumber(name, ...options) {
  return Number(ip(...options, '-o', 'link', 'show', 'dev', name).split(':')[0]);
}

function makeLinkedHost(t, outside, inside) {
  // A namespace that was removed may linger for a moment, and its link with it.
  const name = `sluice-${process.pid}-${++hosts}`;
  const link = `sl${process.pid}-${hosts}`;
  ip('netns', 'add', name);
  defer(t, () => ip('netns', 'del', name));
  ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'inside', 'netns', name);
  defer(t, () => ip('link', 'del', link));
  ip('addr', 'add', `${outside}/30`, 'dev', link);
  ip('link', 'set', link, 'up');
  ip('-n', name, 'addr', 'add', `${inside}/30`, 'dev', 'inside');
  ip('-n', name, 'link', 'set', 'inside', 'up');
  return { name, link };
}

const kProbe = `sluice-${process.pid}`;
const kMayMakeHosts =
  spawnSync('ip', ['netns', 'add', kProbe]).status === 0 &&
  spawnSync('ip', ['netns', 'del', kProbe]).status === 0;

/** Why makeHost does not work here, or false: for the option `skip` of a test. */
export const kCannotMakeHosts = kMayMakeHosts ? false : 'needs root and iproute2';
/** The same for makeNeighbour. */
export const kCannotMakeNeighbours =
  kCannotMakeHosts || (existsSync('/proc/net/if_inet6') ? false : 'needs IPv6');
