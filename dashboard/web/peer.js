// One viewer: its sessions on a line of time.
// SPDX-License-Identifier: Apache-2.0
import { html, useMemo } from './vendor/htm-preact.module.js';
import { Figure, lineOptions, timeCell } from './charts.js';
import { bounds, clock, count, isKnown, seconds } from './format.js';
import { isReport, useAnswer } from './source.js';
import { makeHash } from './url.js';

const WIDE = 1000, TALL = 96;

function endOf(s) {
  return s.left && isKnown(s.left.best) ? s.left.best : s.joined.best + s.played_s;
}

function Span({ x, from, to, kind, title, y = 24, h = 36 }) {
  return html`<rect class=${kind} x=${x(from)} y=${y} width=${Math.max(1.5, x(to) - x(from))} height=${h}><title>${title}</title></rect>`;
}

/* lo..hi, lighter than what they bound. */
function Bounds({ x, e }) {
  if (!e || !isKnown(e.lo) || !isKnown(e.hi) || e.hi - e.lo <= 0) return null;
  return html`<rect class="bounds" x=${x(e.lo)} y="18" width=${Math.max(1, x(e.hi) - x(e.lo))} height="48" />`;
}

function SessionMarks({ s, x }) {
  const playing = s.playing && s.playing.best, from = playing || (s.left_censored ? s.joined.best : endOf(s));
  return html`<g>
    <${Span} x=${x} from=${s.joined.best} to=${from} kind="t-wait" title="waiting for its first frame" />
    <${Span} x=${x} from=${from} to=${endOf(s)} kind="t-play" title="playing" />
    <${Bounds} x=${x} e=${s.playing} />
    ${s.stalls.map((e) => html`<${Span} x=${x} from=${e.at.best} to=${e.at.best + (e.duration_s ? e.duration_s.best : 0)} kind="t-stall"
      title=${'stall of ' + bounds(e.duration_s)} /><${Bounds} x=${x} e=${e.at} />`)}
    ${s.pauses.map((e) => html`<${Span} x=${x} from=${e.at.best} to=${e.at.best + (e.duration_s ? e.duration_s.best : 0)} kind="t-pause" title="paused" />`)}
    ${s.skips.map((e) => html`<${Span} x=${x} from=${e.at.best} to=${e.at.best} kind="t-skip" title=${`skipped ${e.chunks} chunks`} y=62 h=12 />`)}
    ${s.reboots.map((e) => html`<${Span} x=${x} from=${e.at.best} to=${e.at.best} kind="t-reboot" title="began anew" y=10 h=12 />`)}
  </g>`;
}

function Timeline({ sessions }) {
  const first = Math.min(...sessions.map((s) => s.joined.best)), last = Math.max(...sessions.map(endOf), first + 1);
  const x = (t) => ((t - first) / (last - first)) * (WIDE - 2) + 1;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((f) => first + f * (last - first));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Line of time">
    <svg class="timeline" viewBox="0 0 ${WIDE} ${TALL}" role="img" aria-label="Sessions from ${clock(first)} to ${clock(last)}; the table below has the same">
      ${ticks.map((t, i) => html`<line class="t-tick" x1=${x(t)} x2=${x(t)} y1="8" y2="76" />
        <text x=${x(t)} y="92" text-anchor=${i === 0 ? 'start' : i === 4 ? 'end' : 'middle'}>${clock(t)}</text>`)}
      ${sessions.map((s) => html`<${SessionMarks} s=${s} x=${x} />`)}
    </svg></div>
    <p class="legend"><span class="k t-wait"></span>waiting <span class="k t-play"></span>playing <span class="k t-stall"></span>stalled
      <span class="k t-pause"></span>paused <span class="k t-skip"></span>skip (below) <span class="k t-reboot"></span>reboot (above)
      <span class="k bounds"></span>where it may have been</p>`;
}

function eventsOf(sessions) {
  const rows = [];
  for (const s of sessions) {
    rows.push([s.joined.best, 'join', '', '']);
    if (s.playing) rows.push([s.playing.best, 'first frame', bounds(s.startup_delay_s), '']);
    for (const e of s.stalls) rows.push([e.at.best, 'stall', bounds(e.duration_s), '']);
    for (const e of s.pauses) rows.push([e.at.best, 'pause', bounds(e.duration_s), '']);
    for (const e of s.skips) rows.push([e.at.best, 'skip', '', count(e.chunks)]);
    for (const e of s.reboots) rows.push([e.at.best, 'reboot', '', '']);
    rows.push([endOf(s), s.end === 'open' ? 'still there' : 'left: ' + s.end, '', '']);
  }
  return rows.sort((a, b) => a[0] - b[0]);
}

function Events({ sessions }) {
  return html`<section class="card"><header><h2>What happened</h2></header>
    <div class="scroll" tabindex="0" role="region" aria-label="Table of events">
    <table class="list"><thead><tr><th scope="col">Time (UTC)</th><th scope="col">Event</th><th scope="col">Length (bounds)</th><th scope="col" class="num">Chunks</th></tr></thead>
      <tbody>${eventsOf(sessions).map((r) => html`<tr><td>${clock(r[0])}</td><td>${r[1]}</td><td>${r[2]}</td><td class="num">${r[3]}</td></tr>`)}</tbody>
    </table></div></section>`;
}

function Levels({ levels }) {
  const data = useMemo(() => {
    const column = (name) => levels.data[levels.columns.indexOf(name)] || [];
    const [ts, newest, play, first] = ['ts', 'newest', 'play', 'first'].map(column);
    return [ts, ts.map((_, i) => newest[i] - (isKnown(play[i]) ? play[i] : first[i])), column('held')];
  }, [levels]);
  return html`<${Figure} title="Buffer" unit="chunks" n=${data[0].length} columns=${['ts', 'ahead', 'held']} data=${data}
    what="Chunks from the play position that its maps tell (from the map’s beginning where they tell none) to the newest held, and how many are held."
    options=${lineOptions([{ label: 'ahead', color: 'accent' }, { label: 'held', color: 'soft' }])} cell=${timeCell}
    empty=${isReport ? 'A report has no maps of single viewers: see the database’s page.' : 'No map of this viewer was kept.'} />`;
}

export function Peer({ id, peer, query }) {
  const path = `channels/${encodeURIComponent(id)}/peers/${encodeURIComponent(peer)}`;
  const { answer, problem } = useAnswer(path, { vantage: query.vantage }, 10000);
  if (problem && !answer) return html`<p class="problem">${problem}</p>`;
  if (!answer) return html`<p class="notice">Loading.</p>`;
  const s = answer.sessions[0];
  return html`<div class="title"><h1>${peer}</h1>
      <p><a href=${makeHash(['channels', id], { vantage: query.vantage })}>${id}</a>,
        ${' '}${count(answer.sessions.length)} session${answer.sessions.length > 1 ? 's' : ''}, start-up ${seconds(s.startup_delay_s && s.startup_delay_s.best)}</p></div>
    <section class="card"><header><h2>Line of time</h2></header><${Timeline} sessions=${answer.sessions} /></section>
    <${Levels} levels=${answer.levels} />
    <${Events} sessions=${answer.sessions} />`;
}
