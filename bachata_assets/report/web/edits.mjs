// A person's changes of the annotations: the changes, the patch made from them, and which clip to look at first.

/** Fields that can be changed in the page. */
export const FIELDS = ["move_label", "difficulty", "energy_level", "estimated_tempo", "lead", "couple", "swapped_at", "notes"];
const FALLBACKS = { move_label: "unknown", difficulty: "unknown", energy_level: "medium", estimated_tempo: 120 };
const [SLOWEST, FASTEST] = [40, 300];
const TAPS = { fewest: 4, most: 16, pause: 2500 }; // ms after which tapping starts again

/** Return a field of a clip's annotation, or its fallback; null: there is none. */
export function presentValue(clips, row, field) {
  const said = clips.said[row];
  if (said && Object.hasOwn(said, field)) return said[field];
  return clips[field]?.[row] || FALLBACKS[field] || null;
}

/** Return the value of a field as a person sees it now. */
export function changedValue(clips, changes, row, field) {
  const change = changes.get(clips.clip_id[row])?.get(field);
  return change ? change.to : presentValue(clips, row, field);
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Keep a changed field; the present value is not a change. */
export function keepChange(clips, changes, row, field, to) {
  const id = clips.clip_id[row];
  const was = presentValue(clips, row, field);
  const own = changes.get(id) ?? new Map();
  if (same(to, was)) own.delete(field);
  else own.set(field, { to, was: own.get(field)?.was ?? was });
  if (own.size) changes.set(id, own);
  else changes.delete(id);
}

/** Return how much is changed, in words. */
export function changesText(changes) {
  const fields = [...changes.values()].reduce((sum, own) => sum + own.size, 0);
  const words = (number, thing) => `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
  return fields ? `${words(fields, "change")} in ${words(changes.size, "clip")}` : "No changes yet";
}

/** Return the patch for `bachata-assets annotate --apply`. */
export function patchOf(changes, madeAt) {
  const each = [...changes].map(([id, own]) => ({
    clip_id: id,
    set: Object.fromEntries([...own].map(([field, { to }]) => [field, to])),
    was: Object.fromEntries([...own].map(([field, { was }]) => [field, was])),
  }));
  return { format: "bachata-annotations-patch", version: 1, made_at: madeAt, changes: each };
}

/** Note that the annotation file contains the changes, so that later changes start from them. */
export function noteApplied(changes) {
  for (const own of changes.values()) for (const change of own.values()) change.was = change.to;
}

/** Return a difference that the server found, in words. */
export function differenceText({ clip_id: id, field, before, after }) {
  const words = (value) => (value === null ? "nothing" : JSON.stringify(value));
  return `${id}: ${field.replaceAll("_", " ")}: ${words(before)} → ${words(after)}`;
}

/** Return what the server's answer to changes means, in words. */
export function appliedText({ written, changes, annotations, to_be_made: stale, left_out: leftOut }) {
  if (!changes.length) return `The annotations have all of these values already: ${annotations}`;
  const clips = Object.keys(stale).length;
  const words = (number, thing) => `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
  const out = leftOut.length ? `, ${words(leftOut.length, "clip")} left out` : "";
  if (!written) return `${words(changes.length, "field")} would change in ${annotations}; ${words(clips, "clip")} to be made again${out}.`;
  const next = `${words(clips, "clip")} to be made again${out}. Until then the changes are counted here.`;
  return `Written into ${annotations}. Now run bachata-assets generate: ${next}`;
}

/** Return in one line why the server accepted nothing. */
export function problemText(status, detail) {
  if (status === 401) return "That is not the server's token.";
  const said = typeof detail === "string" ? detail.replace(/\s+/g, " ").trim() : "";
  return said || `The server answered with the status ${status}.`;
}

/** Return the text in which changes are kept while the page is closed. */
export function keptText(changes, seen) {
  return JSON.stringify({ changes: [...changes].map(([id, own]) => [id, [...own]]), seen: [...seen] });
}

/** Return from a kept text the known changes that are not applied yet, and the clips that were seen. */
export function readKept(text, clips) {
  const rows = new Map(clips.clip_id.map((id, row) => [id, row]));
  const changes = new Map();
  let kept = null;
  try { kept = JSON.parse(text); } catch { /* not written by this page */ }
  const list = (value) => (Array.isArray(value) ? value : []);
  for (const entry of list(kept?.changes)) {
    const [id, own] = list(entry);
    if (!rows.has(id)) continue;
    const read = new Map();
    for (const one of list(own)) {
      const [field, change] = list(one);
      const known = FIELDS.includes(field) && change && typeof change === "object" && "to" in change && "was" in change;
      if (known && !same(change.to, presentValue(clips, rows.get(id), field))) read.set(field, { to: change.to, was: change.was });
    }
    if (read.size) changes.set(id, read);
  }
  return { changes, seen: new Set(list(kept?.seen).filter((id) => rows.has(id))) };
}

/** Return the tapped tempo, beats per minute; null while it is not clear. Times are in ms. */
export function tappedTempo(times) {
  let start = times.length - 1;
  while (start > 0 && times[start] - times[start - 1] <= TAPS.pause && times.length - start < TAPS.most) start--;
  const taps = times.slice(start);
  if (taps.length < TAPS.fewest) return null;
  const tempo = (60000 * (taps.length - 1)) / (taps.at(-1) - taps[0]);
  return tempo >= SLOWEST && tempo <= FASTEST ? Math.round(tempo * 10) / 10 : null;
}

/** Return a tempo that an annotation can have; null for anything else. */
export function readTempo(text) {
  const tempo = Number(text);
  return text.trim() && tempo >= SLOWEST && tempo <= FASTEST ? tempo : null;
}

/** Return {doubt 0..1, reasons} of a clip: who leads, exchanged dancers, another tempo heard, another move around it. */
export function doubtOf(clips, row) {
  const found = [];
  const sure = clips.role_confidence[row];
  if (sure !== null && sure < 0.85) found.push([2 * (1 - sure), `who leads: ${Math.round(sure * 100)} % sure`]);
  const switches = clips.switches[row] || [];
  if (switches.length) {
    const times = switches.slice(0, 3).map((time) => time.toFixed(1)).join(", ");
    found.push([Math.min(0.95, 0.5 + 0.1 * switches.length), `the dancers may be exchanged from ${times} s on`]);
  }
  const [heard, annotated] = [clips.tempo_heard[row], clips.tempo_given[row] ? clips.estimated_tempo[row] : null];
  if (heard && annotated && clips.beats_trusted[row] && Math.abs(heard - annotated) / annotated > 0.08) {
    found.push([0.6, `annotated ${Math.round(annotated)} beats per minute, heard ${Math.round(heard)}`]);
  }
  const label = clips.label_doubt[row];
  if (label) { // a hint: 18 in 100 right labels are doubted, too
    const percent = (share) => `${Math.round(share * 100)} %`;
    const [is, seems] = [label.move_label, label.likely].map((move) => move.replaceAll("_", " "));
    const reason = `labelled ${is}, but moves like ${seems} (${percent(label.likely_confidence)}, ${percent(label.confidence)} like ${is})`;
    found.push([0.4 * (label.likely_confidence - label.confidence), reason]);
  }
  return { doubt: 1 - found.reduce((left, [doubt]) => left * (1 - doubt), 1), reasons: found.map(([, reason]) => reason) };
}

/** Return the clips worth a look, most uncertain first; those that a person has seen come last. */
export function reviewOrder(clips, seen) {
  return clips.clip_id
    .map((id, row) => ({ row, seen: seen.has(id), ...doubtOf(clips, row) }))
    .filter(({ doubt }) => doubt > 0)
    .sort((a, b) => a.seen - b.seen || b.doubt - a.doubt || a.row - b.row);
}
