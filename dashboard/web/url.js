// What the page shows, in the address: #/channels/ID/peers/PEER?from=..&sort=..
// SPDX-License-Identifier: Apache-2.0

/** {parts: decoded parts of the path, query: its parameters} */
export function readHash(hash) {
  const [path, query] = hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter(Boolean).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { parts, query: Object.fromEntries(new URLSearchParams(query || '')) };
}

export function makeHash(parts, query = {}) {
  const given = Object.entries(query).filter(([, v]) => v !== undefined && v !== '');
  const text = new URLSearchParams(given).toString();
  return '#/' + parts.map(encodeURIComponent).join('/') + (text ? '?' + text : '');
}

/** The same page with other parameters, without a new step in the history. */
export function setQuery(changes) {
  const { parts, query } = readHash(location.hash);
  history.replaceState(null, '', makeHash(parts, { ...query, ...changes }));
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}
