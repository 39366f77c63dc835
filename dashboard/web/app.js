// The page: which part is shown, the theme, the keys.
// SPDX-License-Identifier: Apache-2.0
import { html, render, useEffect, useRef, useState } from './vendor/htm-preact.module.js';
import { Channel } from './channel.js';
import { Maps } from './maps.js';
import { Overview } from './overview.js';
import { Peer } from './peer.js';
import { LiveState, Probes } from './probes.js';
import { isReport, useAnswer } from './source.js';
import { Traffic } from './traffic.js';
import { readHash } from './url.js';

function useHash() {
  const [place, setPlace] = useState(readHash(location.hash));
  useEffect(() => {
    const read = () => setPlace(readHash(location.hash));
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }, []);
  return place;
}

/* --- theme --- */

function stored() {
  try {
    return localStorage.getItem('theme') || '';
  } catch {
    return '';
  }
}

function useTheme() {
  const [theme, setTheme] = useState(stored());
  useEffect(() => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    try {
      localStorage.setItem('theme', theme);
    } catch { /* a page without storage keeps it until it is closed */ }
    window.dispatchEvent(new Event('themechange'));
  }, [theme]);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const tell = () => window.dispatchEvent(new Event('themechange'));
    dark.addEventListener('change', tell);
    return () => dark.removeEventListener('change', tell);
  }, []);
  return [theme, setTheme];
}

function ThemeButton() {
  const [theme, setTheme] = useTheme();
  const next = { '': 'dark', dark: 'light', light: '' }[theme];
  return html`<button type="button" onClick=${() => setTheme(next)}>Theme: ${theme || 'system'}</button>`;
}

/* --- help --- */

const KEYS = [['?', 'this help'], ['o', 'overview'], ['/', 'find a viewer (channel page)'],
  ['Arrow keys', 'move in a buffer map'], ['Enter', 'open the peer under it']];

function Help({ open, onClose }) {
  const dialog = useRef(null);
  useEffect(() => {
    if (open && !dialog.current.open) dialog.current.showModal();
    if (!open && dialog.current.open) dialog.current.close();
  }, [open]);
  return html`<dialog ref=${dialog} onClose=${onClose} aria-labelledby="help-title">
    <h2 id="help-title">Keys</h2>
    <dl class="keys">${KEYS.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
    <p>Every figure tells its sample n; bounds stand in its tooltip. A dash is what the data cannot tell.</p>
    <button type="button" onClick=${onClose}>Close</button>
  </dialog>`;
}

function useKeys(setHelp) {
  useEffect(() => {
    const press = (e) => {
      if (e.target.closest('input, select, textarea') || e.ctrlKey || e.metaKey || e.altKey) return;
      if (e.key === '?') setHelp(true);
      if (e.key === 'o') location.hash = '#/';
      const find = e.key === '/' && document.querySelector('input[type=search]');
      if (find) {
        e.preventDefault();
        find.focus();
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}

/* --- pages --- */

function Start() {
  const { answer, problem } = useAnswer('channels', { limit: 200 }, 10000);
  if (problem && !answer) return html`<p class="problem">${problem}</p>`;
  if (!answer) return html`<p class="notice">Loading.</p>`;
  return html`<h1 class="hidden">Overview</h1>${problem && html`<p class="problem">${problem}</p>`}<${Overview} answer=${answer} />`;
}

function Page({ place: { parts, query } }) {
  if (parts.length === 0) return html`<${Start} />`;
  const [what, id, part, peer] = parts;
  if (what === 'probes') return html`<${Probes} />`;
  if (what === 'traffic') return html`<${Traffic} />`;
  if (what === 'channels' && id && !part) return html`<${Channel} id=${id} query=${query} key=${id} />`;
  if (what === 'channels' && part === 'maps') return html`<${Maps} id=${id} query=${query} key=${id} />`;
  if (what === 'channels' && part === 'peers' && peer) return html`<${Peer} id=${id} peer=${peer} query=${query} key=${peer} />`;
  return html`<section class="card"><h1>No such page</h1><p><a href="#/">To the overview</a></p></section>`;
}

function Crumbs({ parts }) {
  if (isReport && parts.length === 0) return null;
  const here = (part) => (parts[0] === part ? 'page' : undefined);
  return html`<nav aria-label="Pages" class="crumbs"><a href="#/" aria-current=${here(undefined)}>Overview</a>
    ${!isReport && html`<a href="#/traffic" aria-current=${here('traffic')}>Traffic</a>`}</nav>`;
}

function App() {
  const place = useHash();
  const [help, setHelp] = useState(false);
  useKeys(setHelp);
  useEffect(() => {
    const where = place.parts.length ? place.parts[place.parts.length - 1] + ' · ' : '';
    document.title = where + 'Swarmscope';
  }, [place.parts.join('/')]);
  return html`
    <a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); document.getElementById('main').focus(); }}>To the content</a>
    <header class="top">
      <a class="brand" href="#/">Swarmscope</a>
      <${Crumbs} parts=${place.parts} />
      <span class="tools">
        <${LiveState} />
        ${isReport && html`<button type="button" onClick=${() => print()}>Print</button>`}
        <button type="button" onClick=${() => setHelp(true)}>Help</button><${ThemeButton} />
      </span>
    </header>
    <main id="main" tabindex="-1"><${Page} place=${place} /></main>
    <footer><p>${isReport ? 'A report in one file; nothing is sent anywhere.' : 'Viewers are shown under pseudonyms unless their addresses were kept on purpose.'} Times are UTC.</p></footer>
    <${Help} open=${help} onClose=${() => setHelp(false)} />`;
}

const root = document.getElementById('app');
root.textContent = '';
render(html`<${App} />`, root);
