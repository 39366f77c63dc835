// Charts, each with its unit, sample, definition, table and file of figures.
// SPDX-License-Identifier: Apache-2.0
import { html, useEffect, useRef, useState } from './vendor/htm-preact.module.js';
import { clock, count, isKnown } from './format.js';

export function themeColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
}

function csvOf(columns, data) {
  const rows = data[0].map((_, i) => data.map((column) => (isKnown(column[i]) ? column[i] : '')).join(','));
  return [columns.join(','), ...rows].join('\n') + '\n';
}

function save(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name + '.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const ROWS = 60;

function Table({ columns, data, cell }) {
  const every = Math.max(1, Math.ceil(data[0].length / ROWS));
  const places = data[0].map((_, i) => i).filter((i) => i % every === 0);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Figures of the chart">
    <table class="figures">
      <thead><tr>${columns.map((c) => html`<th scope="col">${c}</th>`)}</tr></thead>
      <tbody>${places.map((i) => html`<tr>${data.map((column, k) => html`<td>${cell(column[i], k)}</td>`)}</tr>`)}</tbody>
    </table>
    ${every > 1 && html`<p class="hint">Each ${every}th row; the file has all ${count(data[0].length)}.</p>`}
  </div>`;
}

/* Sizes the plot to its box, draws it anew when data or theme change. */
function Plot({ options, data, label }) {
  const box = useRef(null);
  useEffect(() => {
    const make = () => new uPlot({ width: box.current.clientWidth, height: 220, ...options() }, data, box.current);
    let plot = make();
    const fit = new ResizeObserver(() => plot.setSize({ width: box.current.clientWidth, height: 220 }));
    const redraw = () => {
      plot.destroy();
      plot = make();
    };
    fit.observe(box.current);
    window.addEventListener('themechange', redraw);
    return () => {
      fit.disconnect();
      window.removeEventListener('themechange', redraw);
      plot.destroy();
    };
  }, [data]);
  return html`<div class="plot" ref=${box} role="img" aria-label=${label}></div>`;
}

/** A figure with what belongs to it. columns and data: of the table and the file. */
export function Figure({ title, unit, n, what, columns, data, options, cell, empty, children }) {
  const [table, setTable] = useState(false);
  const [about, setAbout] = useState(false);
  const any = data && data[0] && data[0].length > 0;
  const show = cell || ((v) => (isKnown(v) ? +(+v).toPrecision(5) : '–'));
  return html`<section class="card figure">
    <header>
      <h2>${title}${unit && html` <span class="unit">${unit}</span>`}</h2>
      ${isKnown(n) && html`<span class="n">n ${count(n)}</span>`}
      <span class="tools">
        <button type="button" aria-expanded=${about} onClick=${() => setAbout(!about)} title="What is this?">?<span class="hidden"> What is ${title}</span></button>
        ${any && html`<button type="button" aria-pressed=${table} onClick=${() => setTable(!table)}>Table<span class="hidden"> of ${title}</span></button>
        <button type="button" onClick=${() => save(title.toLowerCase().replace(/\W+/g, '-'), csvOf(columns, data))}>CSV<span class="hidden"> of ${title}</span></button>`}
      </span>
    </header>
    ${about && html`<p class="about">${what}</p>`}
    ${!any ? html`<p class="empty">${empty || 'Nothing to show.'}</p>`
      : table ? html`<${Table} columns=${columns} data=${data} cell=${show} />`
      : html`<${Plot} options=${options} data=${data} label=${title + ': ' + what} />`}
    ${children}
  </section>`;
}

/* --- kinds of charts --- */

function axis(label, more = {}) {
  return {
    label, stroke: themeColor('soft'), grid: { stroke: themeColor('line'), width: 1 },
    ticks: { stroke: themeColor('line'), width: 1 }, font: '12px system-ui', labelFont: '12px system-ui',
    labelSize: 20, ...more,
  };
}

const timeAxis = () => axis('time (UTC)', { space: 90, values: (u, ticks) => ticks.map(clock) });

const whole = (u, ticks) => ticks.map((v) => (Number.isInteger(v) ? v : ''));

/** Counts in steps of time. series: [{label, color, fill}] */
export function timeOptions(series, bars) {
  return () => ({
    scales: { x: { time: true }, y: { range: (u, lo, hi) => [0, Math.max(1, hi * 1.1)] } },
    cursor: { sync: { key: 'time' }, points: { size: 6 } },
    axes: [timeAxis(), axis('', { size: 44, values: whole })],
    series: [{ label: 'time', value: (u, v) => clock(v) }, ...series.map((s) => ({
      label: s.label, stroke: bars ? undefined : themeColor(s.color), width: 2, points: { show: false },
      fill: bars ? themeColor(s.color) : undefined,
      paths: bars ? uPlot.paths.bars({ size: [0.9, 30] }) : uPlot.paths.stepped({ align: 1 }),
    }))],
  });
}

/** A histogram's middles and counts as bars. */
export function binOptions(color, width) {
  return () => ({
    scales: { x: { time: false, range: (u, lo, hi) => [lo - width / 2, hi + width / 2] }, y: { range: (u, lo, hi) => [0, Math.max(1, hi * 1.1)] } },
    cursor: { points: { show: false } },
    axes: [axis('seconds'), axis('', { size: 44, values: whole })],
    series: [{ label: 'seconds' }, {
      label: 'count', fill: themeColor(color), points: { show: false },
      paths: uPlot.paths.bars({ size: [0.9, 60], gap: 1 }),
    }],
  });
}

/** The retrieval curve with its interval. data: age, ratio, lo, hi */
export function curveOptions() {
  return {
    scales: { x: { time: false, distr: 3, log: 2 }, y: { range: [0, 1] } },
    axes: [axis('age of the chunk, seconds', { values: (u, ticks) => ticks.map((v) => (v && v >= 0.05 ? +v.toPrecision(2) : '')) }),
      axis('', { size: 48, values: (u, ticks) => ticks.map((v) => Math.round(100 * v) + ' %') })],
    series: [{ label: 'age s' },
      { label: 'held', stroke: themeColor('good'), width: 2, points: { show: false } },
      { label: 'least', stroke: 'transparent', points: { show: false } },
      { label: 'most', stroke: 'transparent', points: { show: false } }],
    bands: [{ series: [3, 2], fill: themeColor('band') }],
  };
}

/** Lines over time, values as they are. */
export function lineOptions(series) {
  return () => ({
    scales: { x: { time: true } },
    cursor: { sync: { key: 'time' } },
    axes: [timeAxis(), axis('', { size: 56 })],
    series: [{ label: 'time', value: (u, v) => clock(v) }, ...series.map((s) => ({
      label: s.label, stroke: themeColor(s.color), width: 2, points: { show: false },
    }))],
  });
}

export const timeCell = (v, k) => (k === 0 ? clock(v) : isKnown(v) ? count(+v) : '–');
