// Fetches and reads Prometheus text exposition.
import http from 'node:http';

/** GET `url`; returns {status, headers, body}. One connection, closed afterwards. */
export function httpGet(url, options = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text) => (body += text));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

class Metrics {
  constructor(text) {
    this.text = text;
    this.samples = [];
    this.types = new Map();
    for (const line of text.split('\n')) {
      const type = /^# TYPE (\S+) (\S+)/.exec(line);
      if (type) this.types.set(type[1], type[2]);
      if (line === '' || line.startsWith('#')) continue;
      const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line);
      if (!sample) throw new Error(`not a line of the Prometheus text format: ${line}`);
      const labels = {};
      for (const [, key, value] of (sample[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
        labels[key] = value.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
      }
      this.samples.push({ name: sample[1], labels, value: Number(sample[3]) });
    }
  }

  /** The samples of that name that have all of `labels`. */
  find(name, labels = {}) {
    return this.samples.filter(
      (s) => s.name === name && Object.entries(labels).every(([k, v]) => s.labels[k] === String(v)),
    );
  }

  /** The sum of the matching samples; fails if the name does not exist at all (a typing error in a test). */
  sum(name, labels = {}) {
    if (!this.samples.some((s) => s.name === name)) {
      throw new Error(`no metric is named ${name}; there are:\n${this.names().join('\n')}`);
    }
    return this.find(name, labels).reduce((total, s) => total + s.value, 0);
  }

  names() {
    return [...new Set(this.samples.map((s) => s.name))].sort();
  }
}

export async function fetchMetrics(url) {
  const { status, body } = await httpGet(url);
  if (status !== 200) throw new Error(`${url} answered ${status}: ${body}`);
  return new Metrics(body);
}
