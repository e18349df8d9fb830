// Rows and order of the table, and the text of its cells.
import { counted, inWords } from "./facts.mjs";

export const STATES = { made: "made", remark: "remarks", look: "to look at", failed: "failed", pending: "to be made" };
const NUMBERS = {
  estimated_tempo: (value) => value.toFixed(0),
  quality_score: (value) => value.toFixed(2),
  detection_rate: (value) => `${Math.round(value * 100)} %`,
  processing_time: (value) => `${value.toFixed(1)} s`,
};

/** Tell whether a column holds numbers. */
export function isNumber(column) {
  return column in NUMBERS;
}

/** Return the text of a value in a cell. */
export function cellText(column, value) {
  if (column in NUMBERS) return value === null ? "" : NUMBERS[column](value);
  if (column === "state") return STATES[value];
  return column === "clip_id" ? value : inWords(value);
}

/** Return the searchable text of a clip: what people wrote about it, and the report's messages. */
export function searchText(clips, row) {
  const written = ["clip_id", "move_label", "difficulty", "energy_level", "notes", "video_path"].map((column) => clips[column][row]);
  const text = inWords([...written, ...clips.messages[row]].join(" "));
  return `${text} ${clips.clip_id[row]}`.toLowerCase();
}

/** Return the clips that contain all of the words and have the given move, difficulty and state, if any. */
export function filteredRows(clips, texts, { words, move, difficulty, state }) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const same = Object.entries({ move_label: move, difficulty, state }).filter(([, value]) => value);
  return texts
    .map((_, row) => row)
    .filter((row) => same.every(([column, value]) => clips[column][row] === value))
    .filter((row) => wanted.every((word) => texts[row].includes(word)));
}

/** Return clips sorted by a column's values; unknown ones come last, equal ones keep their order. */
export function sortedRows(values, rows, descending) {
  const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
  return [...rows].sort((a, b) => {
    const [one, other] = [values[a], values[b]];
    if (one === null || other === null) return (one === null) - (other === null) || a - b;
    return (descending ? -1 : 1) * order(one, other) || a - b;
  });
}

/** Return how many clips are shown, in words. */
export function countText(shown, all) {
  return shown === all ? counted(all, "clip") : `${shown.toLocaleString("en")} of ${counted(all, "clip")}`;
}
