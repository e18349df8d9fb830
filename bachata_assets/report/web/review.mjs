// Correcting annotations: the form beside the chosen clip, what to look at first, and the patch file.
import { $, byId, choose, chooseAndScroll, clips, make } from "./page.mjs";
import { inWords } from "./facts.mjs";
import { changedValue, changesText, keepChange, keptText, patchOf, presentValue, readKept, readTempo, reviewOrder, tappedTempo } from "./edits.mjs";
import { noteApplied } from "./edits.mjs";
import { onKey } from "./keys.mjs";

const KEPT = `bachata-review:${location.pathname}`;
const LINES = 20;
const LEVELS_OF = { difficulty: ["beginner", "intermediate", "advanced"], energy_level: ["low", "medium", "high"] };
const LEADS = [["", "as detected"], ["left", "on the left at first"], ["right", "on the right at first"]];
const review = { ...readKept(readStore(), clips), taps: [], row: -1, video: null, fields: {}, queue: LINES };

function readStore() {
  try { return localStorage.getItem(KEPT) ?? ""; } catch { return ""; } // some browsers refuse it for files
}

function valueNow(field) {
  return changedValue(clips, review.changes, review.row, field);
}

/** Change a field of the chosen clip, keep it, and show it. */
function change(field, value, row = review.row) {
  keepChange(clips, review.changes, row, field, value);
  keepAll();
  if (row === review.row) showValues();
}

function keepAll() {
  try { localStorage.setItem(KEPT, keptText(review.changes, review.seen)); } catch { /* they last until the page is closed */ }
  $("changes-count").textContent = changesText(review.changes);
  $("changes").hidden = !review.changes.size;
  for (const one of document.querySelectorAll(".no-couple")) {
    const said = changedValue(clips, review.changes, byId.get(one.dataset.clip), "couple") === "none";
    one.setAttribute("aria-pressed", String(said));
  }
}

function labelled(text, control, ...more) {
  return make("div", { className: "field" }, make("label", {}, make("span", {}, text), control), ...more);
}

function textField(field, text, properties) {
  const control = make(field === "notes" ? "textarea" : "input", { ...properties });
  control.oninput = () => change(field, control.value.trim() || null);
  review.fields[field] = control;
  return labelled(text, control);
}

function levelField(field, text) {
  const known = [...new Set([...LEVELS_OF[field], ...clips[field].filter(Boolean)])];
  const control = make("select", {}, ...["unknown", ...known.filter((one) => one !== "unknown")].map((one) => make("option", { value: one }, inWords(one))));
  control.onchange = () => change(field, control.value);
  review.fields[field] = control;
  return labelled(text, control);
}

function tempoField() {
  const control = make("input", { type: "number", min: 40, max: 300, step: 0.1 });
  const heard = clips.tempo_heard[review.row];
  control.oninput = () => {
    const tempo = readTempo(control.value);
    if (tempo || !control.value) change("estimated_tempo", tempo);
  };
  control.onblur = showValues; // removes text that is not a tempo
  review.fields.estimated_tempo = control;
  const tap = make("button", { type: "button", title: "t" }, "Tap along");
  tap.onclick = tapTempo;
  const take = make("button", { type: "button", hidden: !heard }, heard ? `Heard: ${heard}` : "");
  take.onclick = () => change("estimated_tempo", heard);
  return labelled("Tempo", control, tap, take);
}

/** Take a tap as a beat; a few taps give the tempo. */
function tapTempo() {
  review.taps.push(performance.now());
  const tempo = tappedTempo(review.taps);
  $("review-note").textContent = tempo ? `${tempo} beats per minute` : "Keep tapping on every beat";
  if (tempo) change("estimated_tempo", tempo);
}

function leaderField() {
  const control = make("select", {}, ...LEADS.map(([value, text]) => make("option", { value }, text)));
  control.onchange = () => change("lead", control.value || null);
  review.fields.lead = control;
  return labelled("The lead stands", control);
}

function coupleField() {
  const control = make("input", { type: "checkbox" });
  control.onchange = toggleCouple;
  review.fields.couple = control;
  return labelled("Shows no couple", control);
}

function toggleCouple() {
  const was = presentValue(clips, review.row, "couple");
  change("couple", valueNow("couple") === "none" ? (was === "none" ? null : was) : "none");
}

function swappedField() {
  const add = make("button", { type: "button", title: "x" }, "The dancers are exchanged from here");
  add.onclick = addSwap;
  review.fields.swapped_at = make("span", { className: "times" });
  const suspected = (clips.switches[review.row] || []).map((time) => {
    const go = make("button", { type: "button", title: "g" }, `Suspected: ${time.toFixed(1)} s`);
    go.onclick = () => goTo(time);
    return go;
  });
  return make("div", { className: "field" }, add, review.fields.swapped_at, ...suspected);
}

/** Show the video shortly before a time. */
function goTo(time) {
  if (review.video) review.video.currentTime = Math.max(0, time - 1);
}

/** Show the next moment at which the dancers may be exchanged; after the last the first. */
function goToSuspected() {
  const times = clips.switches[review.row] || [];
  if (times.length) goTo(times.find((time) => time - 1 > (review.video?.currentTime ?? 0) + 0.05) ?? times[0]);
}

function addSwap() {
  const time = Math.round((review.video?.currentTime ?? 0) * 100) / 100;
  change("swapped_at", [...new Set([...(valueNow("swapped_at") ?? []), time])].sort((a, b) => a - b));
}

function swapButton(time) {
  const button = make("button", { type: "button", title: "Remove this time" }, `${time.toFixed(2)} s ×`);
  button.onclick = () => {
    const left = (valueNow("swapped_at") ?? []).filter((one) => one !== time);
    change("swapped_at", left.length ? left : null);
  };
  return button;
}

function showValues() {
  for (const [field, control] of Object.entries(review.fields)) {
    const value = valueNow(field);
    const isChanged = review.changes.get(clips.clip_id[review.row])?.has(field) ?? false;
    control.closest(".field").classList.toggle("changed", isChanged);
    if (field === "couple") control.checked = value === "none";
    else if (field === "swapped_at") control.replaceChildren(...(value ?? []).map(swapButton));
    else if (control !== document.activeElement) control.value = value ?? ""; // not while the user types
  }
}

/** Return the form to correct the annotation of a clip. */
export function reviewForm(row, video) {
  Object.assign(review, { row, video: "currentTime" in video ? video : null, taps: [], fields: {} });
  const fields = [
    textField("move_label", "Move", { maxLength: 200 }), levelField("difficulty", "Difficulty"), levelField("energy_level", "Energy"),
    tempoField(), leaderField(), swappedField(), coupleField(), textField("notes", "Notes", { maxLength: 10000, rows: 2 }),
  ];
  review.fields.move_label.setAttribute("list", "known-moves");
  const right = make("button", { type: "button", title: "a" }, "All right, next");
  right.onclick = nextSeen;
  const back = make("button", { type: "button" }, "Undo my changes to this clip");
  back.onclick = () => {
    review.changes.delete(clips.clip_id[row]);
    keepAll();
    showValues();
  };
  const note = make("p", { className: "quiet", id: "review-note" });
  note.setAttribute("role", "status");
  const [summary, buttons] = [make("summary", {}, "Correct the annotation"), make("div", { className: "player" }, right, back)];
  const box = make("details", { className: "review", open: review.opened ?? false }, summary, ...fields, buttons, note);
  box.ontoggle = () => { review.opened = box.open; };
  showValues();
  return box;
}

function openForm() {
  const box = document.querySelector("details.review");
  if (!box) return;
  box.open = true;
  review.fields.move_label.focus();
}

function showQueue() {
  const order = reviewOrder(clips, review.seen);
  const left = order.filter(({ seen }) => !seen).length;
  $("queue-count").textContent = order.length ? `${left.toLocaleString("en")} of ${order.length.toLocaleString("en")} left` : "Nothing is uncertain.";
  $("queue").replaceChildren(...order.slice(0, review.queue).map(({ row, seen, reasons }) => {
    const name = make("button", { type: "button", className: "link" }, clips.clip_id[row]);
    name.onclick = () => { review.opened = true; chooseAndScroll(row); };
    return make("li", { className: seen ? "seen" : "" }, name, ` ${reasons.join("; ")}${seen ? " (seen)" : ""}`);
  }));
  $("more-queue").hidden = review.queue >= order.length;
}

/** Go to the next or the previous clip worth a look. */
function goInQueue(by) {
  const order = reviewOrder(clips, review.seen).filter(({ seen, row }) => !seen || row === review.row);
  if (!order.length) return;
  const at = order.findIndex(({ row }) => row === review.row);
  review.opened = true;
  choose(order[(at < 0 ? (by > 0 ? 0 : order.length - 1) : at + by + order.length) % order.length].row, true);
}

function nextSeen() {
  const next = reviewOrder(clips, review.seen).filter(({ seen, row }) => !seen && row !== review.row);
  review.seen.add(clips.clip_id[review.row]);
  keepAll();
  showQueue();
  review.opened = true;
  if (next.length) choose(next[0].row, true);
}

/** Return the patch of all changes. */
export function changesAsPatch() {
  return patchOf(review.changes, new Date().toISOString());
}

/** Note that the changes are in the annotation file. */
export function markApplied() {
  noteApplied(review.changes);
  keepAll();
}

function download() {
  const patch = changesAsPatch();
  const link = make("a", { download: "patch.json", href: URL.createObjectURL(new Blob([JSON.stringify(patch, null, 1)], { type: "application/json" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Show what to look at first and what is changed, and start the keys. */
export function startReview() {
  $("known-moves").append(...[...new Set(clips.move_label)].filter(Boolean).sort().map((value) => make("option", { value })));
  $("download").onclick = download;
  $("discard").onclick = () => {
    review.changes.clear();
    keepAll();
    if (review.row >= 0) showValues();
  };
  $("more-queue").onclick = () => { review.queue += LINES * 5; showQueue(); };
  for (const one of document.querySelectorAll(".no-couple")) {
    one.onclick = () => change("couple", one.getAttribute("aria-pressed") === "true" ? null : "none", byId.get(one.dataset.clip));
  }
  const chosen = (act) => () => { if (review.row >= 0) act(); };
  onKey("n", "the next uncertain clip", () => goInQueue(1));
  onKey("p", "the previous uncertain clip", () => goInQueue(-1));
  onKey("a", "all right: mark the clip as seen, go to the next", chosen(nextSeen));
  onKey("e", "correct the annotation; Escape leaves a field", chosen(openForm));
  onKey("t", "tap the tempo, once per beat", chosen(tapTempo));
  onKey("r", "the lead stands left, right, or as detected", chosen(() => {
    const sides = [null, "left", "right"];
    change("lead", sides[(sides.indexOf(valueNow("lead")) + 1) % 3]);
    $("review-note").textContent = `The lead stands ${LEADS.find(([side]) => side === (valueNow("lead") ?? ""))[1]}`;
  }));
  onKey("g", "go to where the dancers may be exchanged", chosen(goToSuspected));
  onKey("x", "the dancers are exchanged from here", chosen(addSwap));
  onKey("z", "the clip shows no couple", chosen(toggleCouple));
  onKey("d", "download the patch", () => { if (review.changes.size) download(); });
  showQueue();
  keepAll();
}
