// All traffic that the probe saw, by what it carries and where it goes.
// SPDX-License-Identifier: Apache-2.0
import { html } from './vendor/htm-preact.module.js';
import { clock, count, day, percent } from './format.js';
import { useAnswer } from './source.js';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(n) {
  let unit = 0;
  while (n >= 1000 && unit < UNITS.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return (unit ? n.toFixed(n < 10 ? 2 : 1) : n) + ' ' + UNITS[unit];
}

/* Sums of classes that have the same key, the most bytes first. */
function sumsBy(rows, keyOf) {
  const sums = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    const sum = sums.get(key) || { key, row, bytes: 0, packets: 0, flows: 0 };
    sum.bytes += row.bytes;
    sum.packets += row.packets;
    sum.flows += row.flows;
    sums.set(key, sum);
  }
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes);
}

const KNOWN_BY = {
  decoder: 'a decoder of ours', rule: 'a rule of yours', payload: 'its payload', cache: 'earlier flows of its hosts',
  address: 'an address', port: 'a port only', none: 'nothing: it is not known',
};
const PLACES = {
  inside: 'stays inside', out: 'from inside to outside', in: 'from outside to inside', transit: 'from outside to outside',
  unknown: 'of one end it is not known',
};
const asName = (n) => (n === null ? 'unknown' : 'AS' + n);

function Classes({ label, heads, rows, all, cells }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>
    <table class="list">
      <thead><tr>${heads.map((h) => html`<th scope="col">${h}</th>`)}<th scope="col" class="num">Bytes</th>
        <th scope="col" class="num">Share</th><th scope="col" class="num">Packets</th><th scope="col" class="num">Flows</th></tr></thead>
      <tbody>${rows.map((s) => html`<tr key=${s.key}>${cells(s.row)}
        <td class="num" title=${count(s.bytes)}>${bytes(s.bytes)}</td><td class="num">${percent(all ? s.bytes / all : null)}</td>
        <td class="num">${count(s.packets)}</td><td class="num">${count(s.flows)}</td></tr>`)}</tbody>
    </table>
  </div>`;
}

export function Traffic() {
  const { answer, problem } = useAnswer('traffic', { limit: 1000 }, 10000);
  if (problem && !answer) return html`<p class="problem">${problem}</p>`;
  if (!answer) return html`<p class="notice">Loading.</p>`;
  const rows = answer.data, all = rows.reduce((n, r) => n + r.bytes, 0);
  if (rows.length === 0)
    return html`<section class="card"><h1>Traffic</h1><p>No traffic was audited: <code>swarmscope run</code> does,
      and <code>swarmscope analyze --audit --store</code>; a flow is told once it ended or lasted 20 s.</p></section>`;
  const from = Math.min(...rows.map((r) => r.from_s)), to = Math.max(...rows.map((r) => r.to_s));
  return html`<section class="card"><header><h1>Traffic</h1>
      <span class="n">${bytes(all)}, ${day(from)} ${clock(from)} to ${clock(to)} UTC</span></header>
    <h2>By application</h2>
    <${Classes} label="Traffic by application" heads=${['Application', 'Known by', 'Over']} all=${all}
      rows=${sumsBy(rows, (r) => [r.application, r.confidence, r.transport].join())}
      cells=${(r) => html`<th scope="row">${r.application}</th><td>${KNOWN_BY[r.confidence]}</td><td>${r.transport}</td>`} />
    <h2>By place</h2>
    <${Classes} label="Traffic by place" heads=${['Place']} all=${all} rows=${sumsBy(rows, (r) => r.locality)}
      cells=${(r) => html`<th scope="row">${PLACES[r.locality]}</th>`} />
    <h2>By networks</h2>
    <${Classes} label="Traffic by pairs of networks" heads=${['From', 'To']} all=${all}
      rows=${sumsBy(rows, (r) => r.from_as + '>' + r.to_as).slice(0, 100)}
      cells=${(r) => html`<th scope="row">${asName(r.from_as)}</th><td>${asName(r.to_as)}</td>`} />
    <p class="hint">Whose addresses are whose: <code>--as-table</code>; what is inside: <code>--own-prefixes</code>.
      What is in neither is unknown, never outside.</p>
  </section>`;
}
