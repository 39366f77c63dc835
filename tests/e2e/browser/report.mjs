// An HTML report opened as a file: complete, and asking nobody.
//
//   node report.mjs FILE FOLDER
//
// SPDX-License-Identifier: Apache-2.0
import { chromium } from 'playwright-core';

const [file, folder] = process.argv.slice(2);
let held = 0, broken = 0;

function check(ok, what, detail = '') {
  if (ok) held++;
  else {
    broken++;
    console.log(`FAIL: ${what} ${detail}`);
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
const problems = [], asked = [];
page.on('console', (m) => ['error', 'warning'].includes(m.type()) && problems.push(m.text()));
page.on('pageerror', (e) => problems.push(String(e)));
page.on('request', (r) => /^(https?|file|ws):/.test(r.url()) && asked.push(r.url()));

const url = 'file://' + file;
await page.goto(url);
await page.waitForSelector('table.list tbody tr');
const answers = JSON.parse(await page.$eval('#answers', (e) => e.textContent));
const channels = answers['/api/v1/channels'].data;
const shown = await page.$$eval('table.list tbody tr', (all) => all.map((tr) => tr.children[3].textContent));
check(shown.join() === channels.map((c) => c.channel.viewers.toLocaleString('en')).join(), 'every channel with its viewers', shown.join());
const id = encodeURIComponent(channels[0].channel.id);
await page.goto(url + `#/channels/${id}?sort=startup&order=desc`);
await page.waitForSelector('.plot canvas');
await page.waitForSelector('table.list tbody tr');
const startups = await page.$$eval('table.list tbody tr td:nth-child(3)', (all) => all.map((td) => parseFloat(td.textContent)));
const known = startups.filter((v) => !Number.isNaN(v));
check(known.length > 5 && known.every((v, i) => i === 0 || v <= known[i - 1]), 'sessions are sorted', startups.join());
await page.screenshot({ path: `${folder}/report-channel.png`, fullPage: true });
const peer = await page.$eval('table.list tbody a', (a) => a.getAttribute('href'));
await page.goto(url + peer);
await page.waitForSelector('.timeline');
const at = Math.floor((channels[0].first_s + channels[0].last_s) / 2);
await page.goto(url + `#/channels/${id}/maps?at=${at}`);
await page.waitForSelector('.matrix canvas');
await page.screenshot({ path: `${folder}/report-maps.png` });
await page.goto(url + `#/channels/${id}`);
await page.waitForSelector('.plot canvas');
const pdf = await page.pdf();
check(pdf.length > 20000, 'it prints', `${pdf.length} bytes`);
check(problems.length === 0, 'nothing in the console', problems.join('; '));
check(asked.every((u) => u.startsWith(url)), 'nothing else is asked for', asked.join(' '));
await browser.close();
console.log(`report: ${held} held, ${broken} broken`);
process.exit(broken ? 1 : 0);
