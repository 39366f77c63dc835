// A viewer's HLS stream in a real browser, through hls.js: plays so long without an error.
//
//   node watch.mjs PLAYLIST SECONDS PICTURE.png
//
// SPDX-License-Identifier: Apache-2.0
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [playlist, seconds, picture] = process.argv.slice(2);
const library = readFileSync(createRequire(import.meta.url).resolve("hls.js/dist/hls.min.js"));
const page_text = `<!doctype html><title>watch</title><video muted width=640></video>
<script src=/hls.js></script><script>
const video = document.querySelector("video"), hls = new Hls({ liveSyncDurationCount: 2 });
window.seen = { errors: [], stalls: 0, began: 0 };
const opened = performance.now();
hls.on(Hls.Events.ERROR, (_, e) => seen.errors.push(e.details + (e.fatal ? " (fatal)" : "")));
video.addEventListener("playing", () => { seen.began ||= performance.now() - opened; });
video.addEventListener("waiting", () => { if (seen.began) seen.stalls++; });
hls.loadSource(${JSON.stringify(playlist)});
hls.attachMedia(video);
hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
</script>`;

const server = createServer((request, answer) => {
  const script = request.url === "/hls.js";
  answer.setHeader("Content-Type", script ? "text/javascript" : "text/html");
  answer.end(script ? library : page_text);
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"],
});
let failed = 0;
const holds = (what, true_) => {
  console.log((true_ ? "ok   " : "FAIL ") + what);
  failed += !true_;
};
const page = await browser.newPage();
const said = [];
page.on("console", (m) => m.type() === "error" && said.push(m.text()));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.waitForFunction("seen.began > 0", null, { timeout: 30000 });
await page.waitForTimeout(seconds * 1000);
const got = await page.evaluate(() => {
  const v = document.querySelector("video"), q = v.getVideoPlaybackQuality();
  return { ...seen, at: v.currentTime, start: v.played.start(0), size: v.videoWidth,
           frames: q.totalVideoFrames, dropped: q.droppedVideoFrames, error: v.error?.message };
});
await page.screenshot({ path: picture });
await browser.close();
server.close();
const played = got.at - got.start;
console.log(`picture after ${(got.began / 1000).toFixed(2)} s; ${played.toFixed(1)} s played, ` +
            `${got.frames} frames, ${got.dropped} dropped, ${got.stalls} stalls`);
holds("no error of hls.js, of the video or in the console " +
      JSON.stringify([...got.errors, ...said, ...(got.error ? [got.error] : [])]),
      got.errors.length === 0 && !got.error && said.length === 0);
holds(`it played on for ${seconds} s`, played > seconds - 2);
holds("with a picture that moves", got.size > 0 && got.frames > seconds * 15);
process.exit(failed ? 1 : 0);
