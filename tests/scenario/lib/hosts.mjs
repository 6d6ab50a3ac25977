// Hosts of a test's own: network namespaces. They need root and iproute2.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

import { defer } from './cleanup.mjs';

let hosts = 0;

export function ip(...args) {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  assert.equal(status, 0, `ip ${args.join(' ')}: ${stderr}`);
}

/**
 * Creates a host that has the address `inside` and is connected to this one, which gets the address `outside`. Returns
 * its name. Test files that run at the same time need different addresses.
 */
export function makeHost(t, outside, inside) {
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
  return name;
}

const kProbe = `sluice-${process.pid}`;
const kMayMakeHosts =
  spawnSync('ip', ['netns', 'add', kProbe]).status === 0 &&
  spawnSync('ip', ['netns', 'del', kProbe]).status === 0;

/** Why makeHost does not work here, or false: for the option `skip` of a test. */
export const kCannotMakeHosts = kMayMakeHosts ? false : 'needs root and iproute2';
