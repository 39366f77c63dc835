// What the capture under way sees, and what it misses.
// SPDX-License-Identifier: Apache-2.0
import { html, useRef } from './vendor/htm-preact.module.js';
import { clock, count, isKnown } from './format.js';
import { useTick } from './source.js';

/* Of each counter, so many a second since the tick before. */
function useRates(tick) {
  const held = useRef({ tick: null, rates: {} });
  const { tick: old } = held.current;
  if (tick !== old) {
    const rates = {};
    if (tick && old && tick.t > old.t)
      for (const key of Object.keys(tick))
        if (typeof tick[key] === 'number' && key !== 'unwritten_bytes') rates[key] = (tick[key] - old[key]) / (tick.t - old.t);
    held.current = { tick, rates };
  }
  return held.current.rates;
}

const missed = (t) => t.dropped + t.interface_dropped + t.lost_observations;

/** Is this live? In the page's head. */
export function LiveState() {
  const tick = useTick(), rates = useRates(tick);
  if (!tick) return null;
  if (tick.event === 'end' || tick.lost)
    return html`<span class="state bad" role="status">${tick.lost ? 'not connected' : 'ended'}</span>`;
  const word = missed(tick) > 0 || tick.store_failing ? 'degraded' : 'good';
  return html`<a class=${'state ' + word} href="#/probes" title="what the probe sees and misses">live
    ${isKnown(rates.packets) ? ' ' + count(Math.round(rates.packets)) + ' packets/s' : ''}${missed(tick) > 0 ? ', drops' : ''}</a>`;
}

const COUNTERS = [
  ['packets', 'Packets', 'read and decoded'],
  ['bytes', 'Bytes', 'on the wire'],
  ['swarm_bytes', 'Bytes of swarms', 'of flows that a decoder knows'],
  ['observations', 'Observations', 'what peers\' messages said'],
  ['dropped', 'Dropped by the kernel', 'its ring had no room: raise --buffer, or give more --workers'],
  ['interface_dropped', 'Dropped by the device', 'before the kernel saw them'],
  ['lost_observations', 'Observations lost', 'the inference or the database did not keep up'],
  ['stream_gaps', 'Holes in TCP streams', 'bytes that no packet brought'],
  ['cut', 'Packets cut', 'by the snap length'],
  ['undecodable', 'Undecodable packets', 'headers that contradict themselves'],
  ['evicted', 'Flows that made room', 'a table was full'],
  ['clock_steps', 'Clock set', 'times that this host\'s clock was set; what is seen goes on without a jump'],
  ['outages', 'Outages', 'times that an interface went away'],
  ['unwritten_bytes', 'Bytes not yet in the database', 'they wait in memory'],
];

/** The page of data quality. */
export function Probes() {
  const tick = useTick(), rates = useRates(tick);
  if (!tick) return html`<section class="card"><h1>Probe</h1><p>No capture is under way here.</p></section>`;
  return html`<section class="card">
    <header><h1>Probe</h1><span class="n">${tick.vantage}, ${clock(tick.t)} UTC</span></header>
    ${tick.store_failing && html`<p class="problem">The database cannot be written; results wait in memory.</p>`}
    <div class="scroll" tabindex="0" role="region" aria-label="Counters of the probe">
      <table class="list">
        <thead><tr><th scope="col">Counter</th><th scope="col" class="num">Total</th>
          <th scope="col" class="num">A second</th><th scope="col">What it is</th></tr></thead>
        <tbody>${COUNTERS.map(([key, name, what]) => html`<tr>
          <th scope="row">${name}</th><td class="num">${count(tick[key])}</td>
          <td class="num">${isKnown(rates[key]) ? count(Math.round(rates[key])) : '–'}</td><td>${what}</td></tr>`)}</tbody>
      </table>
    </div>
    <p class="hint">What is missed is told to the inference too: bounds near it are wider.</p>
  </section>`;
}
