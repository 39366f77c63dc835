// Buffer maps: peers by chunks on a canvas, at one time or played through.
// SPDX-License-Identifier: Apache-2.0
import { html, useEffect, useMemo, useRef, useState } from './vendor/htm-preact.module.js';
import { themeColor } from './charts.js';
import { clock, count, isKnown, seconds } from './format.js';
import { useAnswer } from './source.js';
import { makeHash, readHash, setQuery } from './url.js';

const ORDERS = {
  peer: (a, b) => (a.peer < b.peer ? -1 : 1),
  newest: (a, b) => b.newest - a.newest,
  held: (a, b) => b.held - a.held,
};

function decode(answer) {
  return answer.peers.map((p) => {
    const text = atob(p.bits), bits = new Uint8Array(text.length);
    let held = 0;
    for (let i = 0; i < text.length; i++) {
      let byte = (bits[i] = text.charCodeAt(i));
      for (; byte; byte &= byte - 1) held++;
    }
    return { ...p, bytes: bits, held };
  });
}

const hasChunk = (row, i) => (row.bytes[i >> 3] >> (i & 7)) & 1;

function rgba(color) {
  const c = document.createElement('canvas').getContext('2d');
  c.fillStyle = color;
  c.fillRect(0, 0, 1, 1);
  const [r, g, b] = c.getImageData(0, 0, 1, 1).data;
  return (255 << 24) | (b << 16) | (g << 8) | r;
}

/* One pixel a peer and chunk, written at once; the canvas is stretched by CSS. */
function paint(canvas, rows, answer) {
  const colors = ['cell-none', 'cell-held', 'cell-play'].map((name) => rgba(themeColor(name)));
  const image = new ImageData(answer.width, Math.max(1, rows.length));
  const pixels = new Uint32Array(image.data.buffer);
  rows.forEach((row, y) => {
    const from = y * answer.width;
    for (let i = 0; i < answer.width; i++) pixels[from + i] = colors[hasChunk(row, i)];
    const play = isKnown(row.play) ? row.play - answer.first : -1;
    if (play >= 0 && play < answer.width) pixels[from + play] = colors[2];
  });
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext('2d').putImageData(image, 0, 0);
}

function describe(rows, answer, at) {
  const row = rows[at.y];
  if (!row) return '';
  const chunk = answer.first + at.x;
  const play = isKnown(row.play) ? `, plays ${row.play}` : '';
  return `${row.peer}: chunk ${chunk} ${hasChunk(row, at.x) ? 'held' : 'not held'}${play}; map ${seconds(row.age_s)} old`;
}

function Matrix({ answer, sort, onOpen }) {
  const canvas = useRef(null);
  const [at, setAt] = useState(null);
  const rows = useMemo(() => decode(answer).sort(ORDERS[sort] || ORDERS.peer), [answer, sort]);
  useEffect(() => {
    const draw = () => paint(canvas.current, rows, answer);
    draw();
    window.addEventListener('themechange', draw);
    return () => window.removeEventListener('themechange', draw);
  }, [rows]);
  const place = (e) => {
    const box = canvas.current.getBoundingClientRect();
    return {
      x: Math.min(answer.width - 1, Math.floor(((e.clientX - box.left) / box.width) * answer.width)),
      y: Math.min(rows.length - 1, Math.floor(((e.clientY - box.top) / box.height) * rows.length)),
    };
  };
  const move = (e) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (e.key === 'Enter' && at) onOpen(rows[at.y].peer);
    if (!by) return;
    e.preventDefault();
    const old = at || { x: answer.width - 1, y: 0 };
    setAt({
      x: Math.max(0, Math.min(answer.width - 1, old.x + by[0])),
      y: Math.max(0, Math.min(rows.length - 1, old.y + by[1])),
    });
  };
  const tall = Math.max(120, Math.min(640, rows.length * 10));
  return html`<div class="matrix">
    <canvas ref=${canvas} tabindex="0" role="application" data-rows=${rows.length} height=${tall} style=${{ height: tall + 'px' }}
      aria-label=${`${rows.length} peers by ${answer.width} chunks. Arrow keys move, Enter opens the peer.`}
      onMouseMove=${(e) => setAt(place(e))} onMouseLeave=${() => setAt(null)} onKeyDown=${move}
      onClick=${(e) => onOpen(rows[place(e).y].peer)} />
    <p class="hint" aria-live="polite">${at ? describe(rows, answer, at) : `Chunks ${answer.first} to ${answer.first + answer.width - 1}, newest on the right; a peer a line.`}</p>
    <p class="legend"><span class="k cell-held"></span>held <span class="k cell-none"></span>not held <span class="k cell-play"></span>play position${answer.more > 0 && html`; ${count(answer.more)} more peers are not shown`}</p>
  </div>`;
}

function RowsTable({ answer }) {
  const rows = decode(answer);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of maps"><table class="list">
    <thead><tr><th scope="col">Peer</th><th scope="col" class="num">Newest chunk</th><th scope="col" class="num">Held of those shown</th><th scope="col" class="num">Plays</th><th scope="col" class="num">Age of the map</th></tr></thead>
    <tbody>${rows.map((r) => html`<tr><th scope="row">${r.peer}</th><td class="num">${r.newest}</td><td class="num">${r.held}</td>
      <td class="num">${isKnown(r.play) ? r.play : '–'}</td><td class="num">${seconds(r.age_s)}</td></tr>`)}</tbody></table></div>`;
}

/* Asks for the next second while it plays. */
function usePlaying(playing, at, last) {
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => {
      const now = +(readHash(location.hash).query.at || at);
      setQuery({ at: now + 1 > last ? '' : Math.floor(now + 1), play: now + 1 > last ? '' : 1 });
    }, 1000);
    return () => clearInterval(timer);
  }, [playing, at === undefined, last]);
}

export function Maps({ id, query }) {
  const path = `channels/${encodeURIComponent(id)}`, { vantage, at = '', sort = 'peer', play, table } = query;
  const { answer, problem } = useAnswer(path + '/buffermap', { at, vantage, width: 500 }, at ? 0 : 10000);
  const first = answer && answer.first_s, last = answer && answer.last_s;
  usePlaying(play === '1', answer && answer.at, last);
  if (problem) return html`<p class="problem">${problem}</p>`;
  if (!answer) return html`<p class="notice">Loading.</p>`;
  const now = +(at || answer.at);
  return html`<div class="title"><h1>Buffer maps</h1><p><a href=${makeHash(['channels', id], { vantage })}>${id}</a></p></div>
    <section class="card">
      <div class="controls">
        <button type="button" aria-pressed=${play === '1'} onClick=${() => setQuery({ play: play === '1' ? '' : 1, at: now >= last - 1 ? Math.ceil(first) : now })}>${play === '1' ? 'Pause' : 'Play'}</button>
        <label class="slide">Time <input type="range" min=${Math.floor(first)} max=${Math.ceil(last)} step="1" value=${now}
          aria-valuetext=${clock(now) + ' UTC'} onInput=${(e) => setQuery({ at: e.target.value })} /></label>
        <output>${clock(now)} UTC</output>
        <label>Order <select value=${sort} onChange=${(e) => setQuery({ sort: e.target.value })}>
          <option value="peer">by peer</option><option value="newest">newest chunk first</option><option value="held">most held first</option></select></label>
        <button type="button" aria-pressed=${table === '1'} onClick=${() => setQuery({ table: table === '1' ? '' : 1 })}>Table</button>
        <span class="n">peers ${count(answer.peers.length)}</span>
      </div>
      ${answer.peers.length === 0
        ? html`<p class="empty">${answer.kept ? 'No peer told its map in the 12 s before. Move the time.' : 'No maps were kept here.'}</p>`
        : table === '1' ? html`<${RowsTable} answer=${answer} />`
        : html`<${Matrix} answer=${answer} sort=${sort} onOpen=${(peer) => { location.hash = makeHash(['channels', id, 'peers', peer], { vantage }); }} />`}
    </section>`;
}
