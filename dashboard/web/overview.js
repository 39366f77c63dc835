// All channels at a glance.
// SPDX-License-Identifier: Apache-2.0
import { html } from './vendor/htm-preact.module.js';
import { clock, count, day, isKnown, percent, seconds, shortId, stateOf } from './format.js';
import { makeHash } from './url.js';

export function State({ channel }) {
  const state = stateOf(channel);
  return html`<span class="state ${state.word.replace(' ', '-')}" title=${state.why}>${state.word}</span>`;
}

export function Tile({ label, value, note }) {
  return html`<div class="tile"><dt>${label}</dt><dd>${value}${note && html` <small>${note}</small>`}</dd></div>`;
}

const sum = (rows, f) => rows.reduce((total, r) => total + (f(r.channel) || 0), 0);

/* The mean of a figure by its sample: of medians an indication, so it says so. */
function weighed(rows, value, n) {
  const known = rows.filter((r) => isKnown(value(r.channel)) && n(r.channel) > 0);
  const all = sum(known, n);
  return all > 0 ? sum(known, (c) => value(c) * n(c)) / all : null;
}

function Tiles({ rows }) {
  const viewing = sum(rows, (c) => c.stalls.viewing_s);
  const perHour = viewing > 0 ? (3600 * sum(rows, (c) => c.stalls.n)) / viewing : null;
  const many = rows.length > 1 ? 'mean of channels' : '';
  const n = (f) => 'n ' + count(sum(rows, f));
  return html`<dl class="tiles">
    <${Tile} label="Viewers" value=${count(sum(rows, (c) => c.viewers))} note="sessions" />
    <${Tile} label="Start-up, median" value=${seconds(weighed(rows, (c) => c.startup_delay_s.p50, (c) => c.startup_delay_s.n))}
      note=${[n((c) => c.startup_delay_s.n), many].filter(Boolean).join(', ')} />
    <${Tile} label="Switching, median" value=${seconds(weighed(rows, (c) => c.switch_delay_s.p50, (c) => c.switch_delay_s.n))}
      note=${n((c) => c.switch_delay_s.n)} />
    <${Tile} label="Stalls per viewer-hour" value=${isKnown(perHour) ? perHour.toFixed(1) : '–'} note=${n((c) => c.stalls.n)} />
    <${Tile} label="Lag p95" value=${seconds(weighed(rows, (c) => c.lag_s.p95, (c) => c.lag_s.n))} note=${many} />
    <${Tile} label="In time" value=${percent(weighed(rows, (c) => c.retrieval.at_deadline, (c) => c.retrieval.at_deadline_n))}
      note="of chunks" />
  </dl>`;
}

function Row({ row }) {
  const c = row.channel;
  return html`<tr>
    <th scope="row"><a href=${makeHash(['channels', c.id], { vantage: row.vantage })} title=${c.id}>${c.name || shortId(c.id)}</a></th>
    <td><${State} channel=${c} /></td>
    <td>${c.protocol}</td>
    <td class="num">${count(c.viewers)}</td>
    <td class="num">${seconds(c.startup_delay_s.p50)}</td>
    <td class="num">${seconds(c.switch_delay_s.p50)}</td>
    <td class="num">${isKnown(c.stalls.per_hour) ? c.stalls.per_hour.toFixed(1) : '–'}</td>
    <td class="num">${percent(c.rebuffering_ratio)}</td>
    <td class="num">${seconds(c.lag_s.p50)}</td>
    <td class="num">${percent(c.retrieval.at_deadline)}</td>
    <td class="num">${day(row.first_s)} ${clock(row.first_s)}</td>
  </tr>`;
}

const HEADS = ['Channel', 'State', 'Protocol', 'Viewers', 'Start-up p50', 'Switching p50', 'Stalls / h', 'Stalled',
  'Lag p50', 'In time', 'From (UTC)'];

export function Overview({ answer }) {
  const rows = answer.data;
  if (rows.length === 0)
    return html`<section class="card"><h2>No channel yet</h2>
      <p>Nothing is in this database. Add a capture: <code>swarmscope analyze --store sqlite:FILE CAPTURE</code></p></section>`;
  return html`<${Tiles} rows=${rows} />
    <section class="card">
      <header><h2>Channels</h2><span class="n">${count(answer.total)}</span></header>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of channels">
        <table class="list">
          <thead><tr>${HEADS.map((h, i) => html`<th scope="col" class=${i > 2 ? 'num' : ''}>${h}</th>`)}</tr></thead>
          <tbody>${rows.map((row) => html`<${Row} row=${row} key=${row.vantage + row.channel.id} />`)}</tbody>
        </table>
      </div>
      <p class="hint">State: bad when viewers stall 5 % of the time or fewer than 90 % of chunks come in time,
        degraded from 1 % or below 97 %; from 3 viewers on.</p>
    </section>`;
}
