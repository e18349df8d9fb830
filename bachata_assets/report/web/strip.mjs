// The strip of the chosen clip's moments: a click loops one, and lists the moments of other clips that are most like it.
import { $, bringIntoView, choose, clips, data, make } from "./page.mjs";
import { counted } from "./facts.mjs";
import { onKey } from "./keys.mjs";
import { lanesOf, momentsOf, nearestMoments, timesInWords, whenInWords } from "./moments.mjs";
import { besideMoment, endLoop, loopPart } from "./player.mjs";

const LANE = 30; // CSS pixels
const chosen = { own: [], at: -1, buttons: [], line: null, answers: null };

/** Return the strip of a clip's moments and the place for similar ones; empty if none are known. */
export function momentStrip(row, video) {
  const own = momentsOf(data.moments, row);
  Object.assign(chosen, { own, at: -1, buttons: [], answers: make("div", { className: "alike" }) });
  if (!own.length) return "";
  chosen.buttons = own.map((moment, number) => momentButton(moment, number));
  chosen.buttons[0].tabIndex = 0;
  const now = make("i", { className: "now" });
  const line = make("div", { className: "line" }, ...chosen.buttons, now);
  chosen.line = line;
  line.style.minWidth = `${own.length * 24 + 24}px`; // wide enough for a finger; then it scrolls
  lay(own.at(-1).to);
  video.addEventListener("loadedmetadata", () => lay(Math.max(video.duration, own.at(-1).to)));
  video.addEventListener("timeupdate", () => { now.style.left = `${(100 * video.currentTime) / Math.max(video.duration, own.at(-1).to)}%`; });
  const strip = make("div", { className: "moment-strip" }, line);
  strip.setAttribute("role", "toolbar");
  strip.setAttribute("aria-label", `${counted(own.length, "moment")}: the arrow keys go from one to the next`);
  strip.onkeydown = goAlong;
  const says = make("p", { className: "quiet" }, "Moments: choose one to repeat it and find similar ones; click one of those to play both side by side.");
  return make("div", { className: "moments" }, says, strip, chosen.answers);
}

function lay(length) {
  const laid = lanesOf(chosen.own, length);
  laid.forEach(({ left, width, lane }, number) => {
    Object.assign(chosen.buttons[number].style, { left: `${left}%`, width: `calc(${width}% - 2px)`, top: `${lane * LANE}px` });
  });
  chosen.line.style.height = `${(1 + Math.max(...laid.map(({ lane }) => lane))) * LANE - 2}px`;
}

function momentButton(moment, number) {
  const title = `Moment ${number + 1}: ${whenInWords(moment)}`;
  const button = make("button", { type: "button", title, tabIndex: -1 }, String(number + 1));
  button.setAttribute("aria-label", title);
  button.setAttribute("aria-pressed", "false");
  button.onclick = () => chooseMoment(number === chosen.at ? -1 : number);
  return button;
}

/** Move the focus along the strip; Tab leaves it. */
function goAlong(event) {
  const at = chosen.buttons.indexOf(document.activeElement);
  const last = chosen.buttons.length - 1;
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  chosen.buttons[Math.min(last, Math.max(0, to))].focus();
  focusable(Math.min(last, Math.max(0, to)));
}

function focusable(number) {
  chosen.buttons.forEach((button, at) => { button.tabIndex = at === number ? 0 : -1; });
}

/** Repeat a moment and list similar ones; -1: none. */
function chooseMoment(number) {
  chosen.at = number;
  chosen.buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(at === number)));
  if (number < 0) {
    endLoop();
    chosen.answers.replaceChildren();
    return;
  }
  const moment = chosen.own[number];
  focusable(number);
  chosen.buttons[number].scrollIntoView({ block: "nearest", inline: "nearest" });
  loopPart(moment.from, moment.to);
  const found = nearestMoments(data.moments, moment.place);
  const head = make("p", {}, found.length ? `Most like moment ${number + 1} (${whenInWords(moment)}):` : "No moment of another clip to compare with.");
  head.setAttribute("role", "status");
  chosen.answers.replaceChildren(head, make("ol", { className: "plain" }, ...found.map((one) => answerLine(moment, one))));
}

function answerLine(moment, found) {
  const [text, title] = [`${clips.clip_id[found.row]}, ${timesInWords(found)}`, `Play both side by side: ${whenInWords(found)}`];
  const beside = make("button", { type: "button", className: "link", title }, text);
  beside.onclick = () => {
    besideMoment(found.row, moment.from, found.from);
    bringIntoView($("clip"));
  };
  const open = make("button", { type: "button" }, "Open");
  open.setAttribute("aria-label", `Open the clip ${clips.clip_id[found.row]}`);
  open.onclick = () => choose(found.row, true);
  return make("li", {}, beside, make("b", {}, found.score.toFixed(2)), open);
}

/** Start the keys that go from moment to moment. */
export function startStripKeys() {
  const go = (by) => () => {
    const count = chosen.buttons.length;
    if (count) chooseMoment(chosen.at < 0 ? (by > 0 ? 0 : count - 1) : (chosen.at + by + count) % count);
  };
  onKey("k", "repeat the next moment, and list similar ones", go(1));
  onKey("i", "repeat the previous moment", go(-1));
  onKey("v", "the moment most like it side by side", () => chosen.answers?.querySelector(".link")?.click());
}
