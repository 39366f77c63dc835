// The page of a server that captures, while a swarm goes on: it follows without being asked.
//
//   node live.mjs URL FOLDER     screenshots go to FOLDER; exits 1 if something does not hold
//
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [url, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let held = 0, broken = 0;

function check(ok, what, detail = '') {
  if (ok) held++;
  else {
    broken++;
    console.log(`FAIL: ${what} ${detail}`);
  }
}

const soon = (page, what, ms = 8000, arg = null) => page.waitForFunction(what, arg, { timeout: ms }).then(() => true, () => false);
const viewers = (page) => page.$eval('.tile dd', (e) => parseInt(e.textContent, 10));

async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  check(violations.length === 0, `${what}: axe`, violations.map((v) => v.id).join());
}

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
for (const [name, viewport] of [['live-1280', { width: 1280, height: 900 }], ['live-390', { width: 390, height: 800 }]]) {
  const page = await browser.newPage({ viewport });
  page.problems = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && page.problems.push(m.text()));
  page.on('pageerror', (e) => page.problems.push(String(e)));
  await page.goto(url);
  check(await soon(page, () => /live\s+[\d,]+ packets\/s/.test(document.querySelector('.tools .state')?.textContent || '')),
    `${name}: the head says that it is live`);
  check(await soon(page, () => document.querySelector('.tile dd')), `${name}: there are figures`);
  const before = await viewers(page);
  check(await soon(page, (n) => parseInt(document.querySelector('.tile dd').textContent, 10) > n, 20000, before),
    `${name}: newcomers appear by themselves`, `${before} viewers`);
  await accessible(page, `${name} overview`);
  await page.screenshot({ path: `${folder}/${name}-overview.png` });
  await page.goto(url + '#/probes');
  check(await soon(page, () => /^[\d,]+$/.test(document.querySelector('table.list td.num')?.textContent || '')),
    `${name}: the probe's counters`);
  const first = await page.$eval('table.list td.num', (e) => e.textContent);
  check(await soon(page, (t) => document.querySelector('table.list td.num').textContent !== t, 5000, first),
    `${name}: they go on`);
  await accessible(page, `${name} probe`);
  await page.screenshot({ path: `${folder}/${name}-probe.png` });
  await page.goto(url + '#/traffic');
  check(await soon(page, () => document.querySelector('main h1')?.textContent === 'Traffic'), `${name}: traffic`);
  await accessible(page, `${name} traffic`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  check(!wide, `${name}: nothing is wider than the page`);
  check(page.problems.length === 0, `${name}: a quiet console`, page.problems.join(' | '));
  await page.close();
}
await browser.close();
console.log(`live: ${held} held, ${broken} broken`);
process.exit(broken ? 1 : 0);
