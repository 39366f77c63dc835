// The page in a real browser, against the server that it comes from.
//
//   node page.mjs URL FOLDER     screenshots go to FOLDER; exits 1 if something does not hold
//
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [url, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WEIGHT_MOST = 60000, FIRST_DATA_MS = 500, MATRIX_SHARE = 0.05;
let held = 0, broken = 0;

function check(ok, what, detail = '') {
  if (ok) held++;
  else {
    broken++;
    console.log(`FAIL: ${what} ${detail}`);
  }
}

const api = async (path) => (await fetch(url + 'api/v1/' + path)).json();

async function open(browser, options) {
  const context = await browser.newContext({ bypassCSP: false, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && page.problems.push(m.text()));
  page.on('pageerror', (e) => page.problems.push(String(e)));
  return page;
}

async function show(page, hash, ready) {
  await page.goto(url + hash);
  await page.waitForSelector(ready, { timeout: 10000 });
  await page.waitForTimeout(300);
}

/* Does it come to hold within some seconds? */
const soon = (page, what) => page.waitForFunction(what, null, { timeout: 5000 }).then(() => true, () => false);
const text = (page, selector) => page.$eval(selector, (e) => e.textContent);
const seconds = (v) => (Math.abs(v) < 10 ? v.toFixed(2) : v.toFixed(1)) + ' s';

/* --- numbers on the page are the API's --- */

async function numbers(page, rows) {
  await show(page, '#/', 'table.list tbody tr');
  const shown = await page.$$eval('table.list tbody tr', (all) => all.map((tr) => [...tr.children].map((td) => td.textContent)));
  check(shown.length === rows.length, 'every channel has a row', `${shown.length} of ${rows.length}`);
  rows.forEach((row, i) => {
    const c = row.channel, cells = shown[i] || [];
    check(cells[3] === c.viewers.toLocaleString('en'), `viewers of ${c.id}`, cells[3]);
    const startup = c.startup_delay_s.p50;
    check(cells[4] === (startup === null ? '–' : seconds(startup)), `start-up of ${c.id}`, cells[4]);
    check(cells[8] === (c.lag_s.p50 === null ? '–' : seconds(c.lag_s.p50)), `lag of ${c.id}`, cells[8]);
  });
}

async function sessions(page, row) {
  const id = encodeURIComponent(row.channel.id);
  await show(page, `#/channels/${id}?sort=startup&order=desc`, 'table.list tbody tr');
  const answer = await api(`channels/${id}/sessions?sort=startup&order=desc&limit=25`);
  const shown = await page.$$eval('table.list tbody tr', (all) => all.map((tr) => [...tr.children].map((td) => td.textContent)));
  check(shown.length === answer.data.length, 'a page of sessions', `${shown.length}`);
  answer.data.forEach((s, i) => {
    check(shown[i] && shown[i][0].startsWith(s.peer), 'the viewer in its place', s.peer);
    check(shown[i] && shown[i][3] === String(s.stall_count), `stalls of ${s.peer}`);
  });
}

/* --- every page: no error, no violation, no sideways scroll, a picture --- */

async function inspect(page, name, theme, width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(wide <= 0, `${name} at ${width} px does not scroll sideways`, `${wide} px too wide`);
  await page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png`, fullPage: true });
  check(page.problems.length === 0, `${name} ${theme} ${width}: nothing in the console`, page.problems.join('; '));
  page.problems.length = 0;
  if (width === 768) return;
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map((v) => `${v.id}, ${v.nodes.length} times: ${v.nodes[0].html.slice(0, 120)}`);
  });
  check(found.length === 0, `${name} ${theme} ${width}: accessible`, found.join('\n'));
}

async function pages(browser, row) {
  const id = encodeURIComponent(row.channel.id);
  const list = await api(`channels/${id}/sessions?sort=stalls&order=desc&limit=1`);
  const peer = encodeURIComponent(list.data[0].peer);
  const all = [['overview', '#/', 'table.list tbody tr'], ['channel', `#/channels/${id}`, '.plot canvas'],
    ['peer', `#/channels/${id}/peers/${peer}`, '.timeline'], ['maps', `#/channels/${id}/maps?at=${Math.floor((row.first_s + row.last_s) / 2)}`, '.matrix canvas, .empty']];
  for (const theme of ['light', 'dark'])
    for (const width of [1440, 768, 390]) {
      const page = await open(browser, { colorScheme: theme, viewport: { width, height: 900 } });
      await page.addInitScript({ content: axe });
      for (const [name, hash, ready] of all) {
        await show(page, hash, ready);
        await inspect(page, name, theme, width);
      }
      await page.context().close();
    }
}

/* --- speed and weight --- */

async function weight(browser) {
  const page = await open(browser, {});
  let bytes = 0;
  page.on('response', async (r) => {
    if (!r.url().includes('/api/')) bytes += +(r.headers()['content-length'] || 0);
  });
  await page.goto(url);
  await page.waitForSelector('table.list tbody tr');
  await page.waitForTimeout(300);
  check(bytes > 0 && bytes <= WEIGHT_MOST, 'the page weighs little', `${bytes} bytes`);
  const times = [];
  for (let i = 0; i < 5; i++) {
    const start = Date.now();
    await page.goto(url + '?' + i);
    await page.waitForSelector('table.list tbody tr');
    times.push(Date.now() - start);
  }
  times.sort((a, b) => a - b);
  check(times[2] < FIRST_DATA_MS, 'the first data comes at once', `${times[2]} ms`);
  console.log(`weight ${bytes} bytes, first data ${times[2]} ms (median of 5)`);
  await page.context().close();
}

function madeMaps(at) {
  const peers = [];
  for (let p = 0; p < 1000; p++) {
    const bits = Buffer.alloc(63);
    for (let i = 0; i < 500; i++) if ((i * 7919 + p * 104729 + at) % 11) bits[i >> 3] |= 1 << (i & 7);
    peers.push({ peer: `p-${p.toString(16).padStart(16, '0')}:7000`, age_s: 0.5, newest: 1499, play: 1400, bits: bits.toString('base64') });
  }
  return { at, first_s: 1000, last_s: 1600, kept: true, first: 1000, width: 500, peers, more: 0 };
}

async function matrix(browser, row) {
  const page = await open(browser, { viewport: { width: 1440, height: 900 } });
  await page.route('**/buffermap*', (route) => {
    const at = +(new URL(route.request().url()).searchParams.get('at') || 1000);
    route.fulfill({ contentType: 'application/json', body: JSON.stringify(madeMaps(at)) });
  });
  await show(page, `#/channels/${encodeURIComponent(row.channel.id)}/maps?at=1000&play=1`, '.matrix canvas');
  check((await page.$eval('.matrix canvas', (c) => [c.width, c.height].join())) === '500,1000', '1000 peers by 500 chunks are drawn');
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  const busy = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map((m) => [m.name, m.value]));
  await page.waitForTimeout(2000);
  const a = await busy();
  await page.waitForTimeout(10000);
  const b = await busy();
  const share = (b.TaskDuration - a.TaskDuration) / (b.Timestamp - a.Timestamp);
  check(share < MATRIX_SHARE, 'a second of the matrix is cheap', `${(100 * share).toFixed(1)} %`);
  console.log(`matrix of 1000 x 500 at 1 Hz: ${(100 * share).toFixed(2)} % of the main thread`);
  await page.context().close();
}

/* --- by keyboard alone --- */

async function keyboard(browser, row) {
  const page = await open(browser, {});
  await show(page, '#/', 'table.list tbody tr');
  await page.keyboard.press('Tab');
  check((await page.evaluate(() => document.activeElement.className)) === 'skip', 'the first stop leads to the content');
  await page.keyboard.press('Enter');
  check((await page.evaluate(() => document.activeElement.id)) === 'main', 'and it does');
  await page.keyboard.press('?');
  check(await soon(page, () => document.querySelector('dialog').open), '? opens the help');
  await page.keyboard.press('Escape');
  check(await soon(page, () => !document.querySelector('dialog').open), 'Escape closes it');
  await show(page, `#/channels/${encodeURIComponent(row.channel.id)}`, 'input[type=search]');
  await page.keyboard.press('/');
  await page.keyboard.type('zzz');
  check(await soon(page, () => document.body.textContent.includes('No viewer of that name')), 'finding nobody says so');
  check(page.url().includes('peer=zzz'), 'what was typed is in the address');
  await page.click('.figure .tools button:has-text("Table")');
  check(await soon(page, () => document.querySelectorAll('table.figures tr').length > 1), 'a chart has its table');
  check(page.problems.length === 0, 'keys: nothing in the console', page.problems.join('; '));
  await page.context().close();
}

/* --- trouble --- */

async function trouble(browser) {
  const page = await open(browser, {});
  await page.route('**/api/v1/channels*', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json',
    body: JSON.stringify({ title: 'The store cannot be read', detail: 'swarms.db is damaged' }) }));
  await page.goto(url);
  await page.waitForSelector('.problem');
  check((await text(page, '.problem')).includes('swarms.db is damaged'), 'what went wrong is told');
  await show(page, '#/channels/none%3A00', '.problem');
  check((await text(page, '.problem')).length > 10, 'a channel that is not there is told');
  await page.context().close();
}

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const { data: rows } = await api('channels?limit=1000');
const rich = rows.find((r) => r.channel.stalls.n > 0 && r.channel.startup_delay_s.n > 0) || rows[0];
const page = await open(browser, { viewport: { width: 1440, height: 900 } });
await numbers(page, rows);
await sessions(page, rich);
await page.context().close();
await weight(browser);
await matrix(browser, rich);
await keyboard(browser, rich);
await trouble(browser);
await pages(browser, rich);
await browser.close();
console.log(`${held} held, ${broken} broken`);
process.exit(broken ? 1 : 0);
