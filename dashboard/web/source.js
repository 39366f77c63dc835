// Where answers come from: the API, or a report that holds them itself.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from './vendor/htm-preact.module.js';

const inside = document.getElementById('answers');
const answers = inside ? JSON.parse(inside.textContent) : null;

/** Is this page a report, a file that asks nobody? */
export const isReport = answers !== null;

export class Problem extends Error {}

function withQuery(path, query) {
  const given = Object.entries(query).filter(([, v]) => v !== undefined && v !== null && v !== '');
  const text = new URLSearchParams(given).toString();
  return '/api/v1/' + path + (text ? '?' + text : '');
}

const SORTS = {
  joined: (s) => s.joined.best,
  peer: (s) => s.peer,
  startup: (s) => s.startup_delay_s && s.startup_delay_s.best,
  stalls: (s) => s.stall_count,
  stall_time: (s) => s.stall_s && s.stall_s.best,
  lag: (s) => s.lag_s,
  mos: (s) => s.mos,
  retrieval: (s) => s.continuity_index,
};

/* What the server would do with these parameters. */
function sessionsOf(all, query) {
  const key = SORTS[query.sort || 'joined'], down = query.order === 'desc' ? -1 : 1;
  const rows = all.data.filter((s) => !query.peer || s.peer.includes(query.peer));
  const known = (v) => v !== null && v !== undefined;
  rows.sort((a, b) => {
    const x = key(a), y = key(b);
    if (!known(x) || !known(y)) return known(y) - known(x);
    return (x < y ? -1 : x > y ? 1 : 0) * down;
  });
  const from = +(query.cursor || 0), to = from + +(query.limit || 100);
  return { data: rows.slice(from, to), next_cursor: to < rows.length ? to : null, total: rows.length };
}

function mapsAt(all, query) {
  const at = +(query.at || Infinity);
  let found = all[0];
  for (const one of all) if (one.at <= at) found = one;
  return found;
}

function ofReport(path, query) {
  if (path.endsWith('/sessions')) return sessionsOf(answers[withQuery(path, {})], query);
  if (path.endsWith('/buffermap')) return mapsAt(answers[withQuery(path, {})] || [{ peers: [], kept: false }], query);
  if (path.includes('/peers/')) {
    const [channel, peer] = path.split('/peers/');
    const all = answers[withQuery(channel + '/sessions', {})].data;
    const sessions = all.filter((s) => s.peer === decodeURIComponent(peer));
    return { peer: decodeURIComponent(peer), sessions, levels: { columns: [], data: [] } };
  }
  const { metric } = query;
  return answers[withQuery(path, { metric })];
}

/** The answer of the API to a path below /api/v1/. */
export async function ask(path, query = {}) {
  if (isReport) {
    const answer = ofReport(path, query);
    if (!answer) throw new Problem('This report has no such part.');
    return answer;
  }
  let response;
  try {
    response = await fetch(withQuery(path, query), { headers: { Accept: 'application/json' } });
  } catch {
    throw new Problem('The server does not answer. Is "swarmscope serve" still running?');
  }
  const body = await response.json();
  if (!response.ok) throw new Problem(body.detail || body.title);
  return body;
}

/* --- a server that captures tells once a second --- */

const LEAST_MS = 1900; /* between two loads of one answer: the database has news every two seconds */
const ticks = new EventTarget();
let tick = null; /* the last: what the probe saw and dropped; {lost: true} when the server is gone */

function take(next) {
  tick = next;
  ticks.dispatchEvent(new Event('tick'));
}

async function connect() {
  const { data } = await ask('probes');
  if (data.length === 0) return;
  take(data[0]);
  const events = new EventSource('/api/v1/stream');
  events.addEventListener('tick', (e) => take(JSON.parse(e.data)));
  events.addEventListener('error', () => take({ ...tick, lost: true }));
}
if (!isReport) connect().catch(() => {});

function onTick(f) {
  ticks.addEventListener('tick', f);
  return () => ticks.removeEventListener('tick', f);
}

/** What the probe says, or null where nothing is live. */
export function useTick() {
  const [last, setLast] = useState(tick);
  useEffect(() => onTick(() => setLast(tick)), []);
  return last;
}

/** {answer, problem}: asks again when the path or query changes, every so many ms, and where the
 * server is live as soon as there is news. */
export function useAnswer(path, query = {}, every = 0) {
  const [state, setState] = useState({});
  const key = path ? withQuery(path, query) : '';
  useEffect(() => {
    let live = true, timer, loaded = 0;
    const unsubscribe = every ? onTick(() => {
      if (tick.lost || document.hidden || Date.now() - loaded < LEAST_MS) return;
      clearTimeout(timer);
      load();
    }) : () => {};
    async function load() {
      loaded = Date.now();
      try {
        const answer = await ask(path, query);
        if (live) setState({ key, path, answer });
      } catch (e) {
        if (live) setState((old) => ({ key, path, answer: old.key === key ? old.answer : undefined, problem: e.message }));
      }
      if (live && every && !isReport) timer = setTimeout(load, document.hidden ? 5 * every : every);
    }
    if (path) load();
    return () => {
      live = false;
      unsubscribe();
      clearTimeout(timer);
    };
  }, [key]);
  if (state.key === key) return state;
  return state.path === path ? { answer: state.answer, stale: true } : {};
}
