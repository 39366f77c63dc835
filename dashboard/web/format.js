// Numbers for people. Unknown is a dash, never 0.
// SPDX-License-Identifier: Apache-2.0

const DASH = '–';

export function isKnown(v) {
  return v !== null && v !== undefined && !Number.isNaN(v);
}

export function seconds(v) {
  if (!isKnown(v)) return DASH;
  if (Math.abs(v) < 10) return v.toFixed(2) + ' s';
  if (Math.abs(v) < 120) return v.toFixed(1) + ' s';
  return Math.floor(v / 60) + ' min ' + Math.round(v % 60) + ' s';
}

export function percent(v) {
  return isKnown(v) ? (100 * v).toFixed(v > 0.99 && v < 1 ? 2 : 1) + ' %' : DASH;
}

export function count(v) {
  return isKnown(v) ? v.toLocaleString('en') : DASH;
}

export function decimal(v, digits) {
  return isKnown(v) ? v.toFixed(digits) : DASH;
}

/** An estimate {lo, best, hi} as "1.20 s (1.10 to 1.35)". */
export function bounds(e) {
  if (!isKnown(e) || !isKnown(e.best)) return DASH;
  const open = (v) => (isKnown(v) ? v.toFixed(2) : 'open');
  return `${seconds(e.best)} (${open(e.lo)} to ${open(e.hi)})`;
}

export function clock(s) {
  return isKnown(s) ? new Date(s * 1000).toISOString().slice(11, 19) : DASH;
}

export function day(s) {
  return isKnown(s) ? new Date(s * 1000).toISOString().slice(0, 10) : DASH;
}

export function shortId(id) {
  return id.length > 30 ? id.slice(0, 22) + '…' + id.slice(-6) : id;
}

/** A channel's state in a word: what an operator should think of it, and why. */
export function stateOf(c) {
  const stalled = c.rebuffering_ratio, got = c.retrieval.at_deadline;
  if (c.viewers < 3) return { word: 'too few', why: 'fewer than 3 viewers' };
  if (!isKnown(stalled) && !isKnown(got)) return { word: 'unknown', why: 'no play was seen' };
  if (stalled >= 0.05 || got < 0.9)
    return { word: 'bad', why: `stalled ${percent(stalled)} of the time, ${percent(got)} in time` };
  if (stalled >= 0.01 || got < 0.97)
    return { word: 'degraded', why: `stalled ${percent(stalled)} of the time, ${percent(got)} in time` };
  return { word: 'good', why: `stalled ${percent(stalled)} of the time, ${percent(got)} in time` };
}
