// One channel: what its viewers lived through.
// SPDX-License-Identifier: Apache-2.0
import { html, useMemo, useState } from './vendor/htm-preact.module.js';
import { Figure, binOptions, curveOptions, timeCell, timeOptions } from './charts.js';
import { bounds, clock, count, decimal, isKnown, percent, seconds } from './format.js';
import { State, Tile } from './overview.js';
import { useAnswer } from './source.js';
import { makeHash, setQuery } from './url.js';

const WHAT = {
  startup: 'From a viewer’s first packet to its first frame. Viewers seen from their join on; inferred from the chunks that arrived and the rules of the player.',
  switch: 'From the last buffer map in the channel left to the first frame in the new one.',
  lag: 'How far what a viewer sees is behind what the source has made, of all moments told.',
  stall: 'How long the picture stood still, each stall of a quarter of a second or more.',
  viewers: 'Viewers present at each moment: those who play, those whose picture stands still, and those who wait for their first frame.',
  stalls: 'Stalls that began in each step of time.',
  retrieval: 'The share of viewers who hold a chunk, by the age of the chunk. The band is what the whole swarm’s curve may be, as far as those heard are a sample of it.',
};

function Histogram({ path, metric, vantage, title, what, color }) {
  const { answer, problem } = useAnswer(path + '/histogram', { metric, vantage });
  const data = useMemo(() => {
    if (!answer) return null;
    return [answer.counts.map((_, i) => (answer.edges[i] + answer.edges[i + 1]) / 2), answer.counts];
  }, [answer]);
  if (problem) return html`<p class="problem">${problem}</p>`;
  if (!data) return html`<section class="card figure wait"><h2>${title}</h2></section>`;
  return html`<${Figure} title=${title} unit="s" n=${answer.n} what=${what} columns=${['middle_s', 'count']} data=${data}
    options=${binOptions(color, answer.edges[1] - answer.edges[0])} empty="No viewer’s could be told.">
    ${answer.n > 0 && html`<p class="hint">Median ${seconds(answer.p50)}, 95 % within ${seconds(answer.p95)}</p>`}
  </${Figure}>`;
}

const LINES = [{ label: 'playing', color: 'good' }, { label: 'stalled', color: 'bad' }, { label: 'waiting', color: 'warn' }];

function OverTime({ path, vantage }) {
  const { answer } = useAnswer(path + '/series', { vantage }, 10000);
  const views = useMemo(() => {
    if (!answer) return null;
    const column = (name) => answer.data[answer.columns.indexOf(name)];
    return { viewers: [column('ts'), ...LINES.map((l) => column(l.label))], stalls: [column('ts'), column('stalls')] };
  }, [answer]);
  if (!views) return null;
  return html`<${Figure} title="Viewers over time" what=${WHAT.viewers} columns=${['ts', ...LINES.map((l) => l.label)]}
      data=${views.viewers} options=${timeOptions(LINES)} cell=${timeCell} empty="No viewer was seen." />
    <${Figure} title="Stalls over time" unit=${`per ${answer.step_s} s`} n=${views.stalls[1].reduce((a, b) => a + b, 0)}
      what=${WHAT.stalls} columns=${['ts', 'stalls']} data=${views.stalls}
      options=${timeOptions([{ label: 'stalls', color: 'bad' }], true)} cell=${timeCell} empty="No viewer was seen." />`;
}

function Curve({ channel }) {
  const r = channel.retrieval;
  const data = useMemo(() => [r.age_s, r.ratio, r.ratio_lo, r.ratio_hi], [r]);
  return html`<${Figure} title="Chunk retrieval by age" n=${r.n[0]} what=${WHAT.retrieval}
    columns=${['age_s', 'ratio', 'ratio_lo', 'ratio_hi']} data=${data} options=${curveOptions}
    empty="The source’s clock is not known, so chunks have no age.">
    <p class="hint">Half the viewers hold a chunk after ${seconds(r.t50_s)}, 90 % after ${seconds(r.t90_s)}, 95 % after
      ${' ' + seconds(r.t95_s)}; in time for play: ${percent(r.at_deadline)} (n ${count(r.at_deadline_n)})</p>
  </${Figure}>`;
}

/* --- sessions --- */

const COLUMNS = [
  ['peer', 'Viewer'], ['joined', 'Joined'], ['startup', 'Start-up'], ['stalls', 'Stalls'], ['stall_time', 'Stalled'],
  ['lag', 'Lag'], ['retrieval', 'Played'], ['mos', 'Score'],
];
const PAGE = 25;

function Head({ sort, order, column: [key, label] }) {
  const on = sort === key, next = on && order !== 'desc' ? 'desc' : 'asc';
  return html`<th scope="col" class=${key === 'peer' ? '' : 'num'} aria-sort=${on ? (order === 'desc' ? 'descending' : 'ascending') : 'none'}>
    <button type="button" onClick=${() => setQuery({ sort: key, order: next, cursor: '' })}>${label}<span aria-hidden="true">${on ? (order === 'desc' ? ' ↓' : ' ↑') : ''}</span></button></th>`;
}

function SessionRow({ s, id, vantage }) {
  return html`<tr>
    <th scope="row"><a href=${makeHash(['channels', id, 'peers', s.peer], { vantage })}>${s.peer}</a>${s.source && html` <small>source</small>`}</th>
    <td class="num">${s.left_censored ? 'before ' : ''}${clock(s.joined.best)}</td>
    <td class="num" title=${bounds(s.startup_delay_s)}>${seconds(s.startup_delay_s && s.startup_delay_s.best)}</td>
    <td class="num">${count(s.stall_count)}</td>
    <td class="num" title=${bounds(s.stall_s)}>${seconds(s.stall_s && s.stall_s.best)}</td>
    <td class="num">${seconds(s.lag_s)}</td>
    <td class="num">${percent(s.continuity_index)}</td>
    <td class="num">${decimal(s.mos, 1)}</td>
  </tr>`;
}

function Sessions({ path, id, query }) {
  const { sort = 'joined', order = 'asc', cursor = '', peer = '', vantage } = query;
  const { answer, problem, stale } = useAnswer(path + '/sessions', { sort, order, cursor, peer, vantage, limit: PAGE }, 10000);
  const [typed, setTyped] = useState(peer);
  const from = +(cursor || 0);
  return html`<section class="card">
    <header><h2>Sessions</h2>${answer && html`<span class="n">${count(answer.total)}</span>`}
      <label class="find">Viewer <input type="search" value=${typed} placeholder="part of its name"
        onInput=${(e) => { setTyped(e.target.value); setQuery({ peer: e.target.value, cursor: '' }); }} /></label></header>
    ${problem && html`<p class="problem">${problem}</p>`}
    ${answer && html`<div class="scroll ${stale ? 'stale' : ''}" tabindex="0" role="region" aria-label="Table of sessions">
      <table class="list">
        <thead><tr>${COLUMNS.map((c) => html`<${Head} sort=${sort} order=${order} column=${c} />`)}</tr></thead>
        <tbody>${answer.data.map((s) => html`<${SessionRow} s=${s} id=${id} vantage=${vantage} key=${s.peer + s.run} />`)}</tbody>
      </table>
      ${answer.total === 0 && html`<p class="empty">No viewer of that name.</p>`}
    </div>
    ${answer.total > PAGE && html`<nav class="pages" aria-label="Pages of the table">
      <button type="button" disabled=${from === 0} onClick=${() => setQuery({ cursor: from > PAGE ? from - PAGE : '' })}>Previous</button>
      <span>${from + 1} to ${Math.min(from + PAGE, answer.total)} of ${count(answer.total)}</span>
      <button type="button" disabled=${!isKnown(answer.next_cursor)} onClick=${() => setQuery({ cursor: answer.next_cursor })}>Next</button>
    </nav>`}`}
  </section>`;
}

/* --- the page --- */

function ChannelTiles({ c }) {
  const d = c.startup_delay_s, s = c.switch_delay_s;
  return html`<dl class="tiles">
    <${Tile} label="Viewers" value=${count(c.viewers)} note=${`${count(c.coverage.known)} peers known`} />
    <${Tile} label="Start-up p50 / p95" value=${`${seconds(d.p50)} / ${seconds(d.p95)}`} note=${'n ' + count(d.n)} />
    <${Tile} label="Switching p50 / p95" value=${`${seconds(s.p50)} / ${seconds(s.p95)}`} note=${'n ' + count(s.n)} />
    <${Tile} label="Stalls per hour" value=${decimal(c.stalls.per_hour, 1)} note=${'n ' + count(c.stalls.n)} />
    <${Tile} label="Stalled" value=${percent(c.rebuffering_ratio)} note="of viewing time" />
    <${Tile} label="Lag p50 / p95" value=${`${seconds(c.lag_s.p50)} / ${seconds(c.lag_s.p95)}`} note="" />
    <${Tile} label="Skips, reboots" value=${`${count(c.skips.n)}, ${count(c.reboots)}`} note="" />
    <${Tile} label="Score" value=${decimal(c.score.mos, 2)} note=${c.score.model} />
  </dl>`;
}

export function Channel({ id, query }) {
  const path = 'channels/' + encodeURIComponent(id), { vantage } = query;
  const { answer, problem } = useAnswer(path, { vantage }, 10000);
  if (problem && !answer) return html`<p class="problem">${problem}</p>`;
  if (!answer) return html`<p class="notice">Loading.</p>`;
  const c = answer.channel;
  return html`<div class="title">
      <h1>${c.name || c.id}</h1><${State} channel=${c} />
      <p>${c.protocol}, ${isKnown(c.bitrate_kbps) ? count(c.bitrate_kbps) + ' kbit/s, ' : ''}${clock(answer.first_s)} to ${clock(answer.last_s)} UTC.
        ${' '}<a href=${makeHash(['channels', id, 'maps'], { vantage })}>Buffer maps</a></p>
    </div>
    <${ChannelTiles} c=${c} />
    <div class="grid">
      <${Histogram} path=${path} vantage=${vantage} metric="startup" title="Start-up delay" what=${WHAT.startup} color="accent" />
      <${Histogram} path=${path} vantage=${vantage} metric="switch" title="Switching delay" what=${WHAT.switch} color="accent" />
      <${OverTime} path=${path} vantage=${vantage} />
      <${Curve} channel=${c} />
      <${Histogram} path=${path} vantage=${vantage} metric="lag" title="Playback lag" what=${WHAT.lag} color="accent" />
      <${Histogram} path=${path} vantage=${vantage} metric="stall" title="Stall length" what=${WHAT.stall} color="bad" />
    </div>
    <${Sessions} path=${path} id=${id} query=${query} />`;
}
