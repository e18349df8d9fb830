// What happens when the page opens.
import { $, byId, choose, chooseAndScroll, clips } from "./page.mjs";
import "./clip.mjs";
import { startKeys } from "./keys.mjs";
import { draw, map, startMap } from "./map.mjs";
import { startPlayerKeys } from "./player.mjs";
import { startReview } from "./review.mjs";
import { startSending } from "./send.mjs";
import { startStripKeys } from "./strip.mjs";
import { startTable } from "./table.mjs";

function startTheme() {
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } }; // some browsers refuse it for files
  if (kept()) root.dataset.theme = kept();
  $("theme").onclick = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it holds until the page is closed */ }
    if (map.canvas) draw();
  };
}

function chooseFromAddress() {
  const row = byId.get(decodeURIComponent(location.hash.slice(1)));
  if (row !== undefined && clips.quality_score[row] !== null) choose(row, false);
}

startTheme();
if (location.protocol === "file:") $("path").textContent = decodeURIComponent(location.pathname);
for (const image of document.querySelectorAll("img.preview")) {
  image.addEventListener("error", () => image.remove());
  if (image.complete && !image.naturalWidth && image.loading !== "lazy") image.remove();
}
if (map.canvas) startMap();
if ($("rows")) startTable();
if ($("queue")) {
  startKeys();
  startPlayerKeys();
  startStripKeys();
  startReview();
  startSending();
}
for (const button of document.querySelectorAll(".pick")) {
  button.onclick = () => chooseAndScroll(byId.get(button.dataset.clip));
}
if (map.canvas) {
  chooseFromAddress();
  window.onhashchange = chooseFromAddress;
}
