// The table of all clips: sorted, filtered, and a hundred rows at a time.
import { $, chooseAndScroll, clips, make, page, strip } from "./page.mjs";
import { inWords } from "./facts.mjs";
import { cellText, countText, filteredRows, isNumber, searchText, sortedRows } from "./rows.mjs";

const STEP = 100;
const COLUMNS = [
  ["clip_id", "Clip"], ["move_label", "Move"], ["difficulty", "Difficulty"], ["energy_level", "Energy"],
  ["estimated_tempo", "Tempo"], ["quality_score", "Quality"], ["detection_rate", "Both seen"], ["timeline", "When"],
  ["processing_time", "Made in"], ["state", "State"],
];
const table = { by: "clip_id", descending: false, shown: STEP, rows: [], texts: [] };

function refresh() {
  const asked = { words: $("words").value, move: $("move").value, difficulty: $("difficulty").value, state: $("state").value };
  table.rows = sortedRows(clips[table.by], filteredRows(clips, table.texts, asked), table.descending);
  page.shown = table.rows.length === clips.clip_id.length ? null : new Set(table.rows);
  for (const show of page.whenFiltered) show();
  $("count").textContent = countText(table.rows.length, clips.clip_id.length);
  $("rows").replaceChildren();
  extend(STEP);
}

function extend(shown) {
  const body = $("rows");
  for (const row of table.rows.slice(body.children.length, shown)) body.append(tableRow(row));
  table.shown = shown;
  $("more").hidden = shown >= table.rows.length;
  markRow();
}

function tableRow(row) {
  const line = make("tr", {}, ...COLUMNS.map(([column]) => cell(column, row)));
  line.dataset.row = row;
  if (clips.quality_score[row] === null) return line;
  line.tabIndex = 0;
  line.onclick = () => chooseAndScroll(row);
  line.onkeydown = (event) => { if (event.key === "Enter") line.onclick(); };
  return line;
}

function cell(column, row) {
  const value = clips[column][row];
  const isFallback = column === "estimated_tempo" && !clips.tempo_given[row];
  const text = isFallback ? "" : cellText(column, value);
  const box = column === "timeline" ? make("td", {}, value ? strip(value) : "") : make("td", { className: isNumber(column) ? "number" : "" }, text);
  if (column === "state") Object.assign(box, { className: `state-${value}`, title: clips.messages[row].join("\n") });
  box.dataset.title = COLUMNS.find(([name]) => name === column)[1]; // shown in the cell on a phone, which has no heads
  return box;
}

function markRow() {
  for (const line of $("rows").children) line.classList.toggle("chosen", Number(line.dataset.row) === page.chosen);
}

function columnHead([column, title]) {
  const button = make("button", { type: "button" }, title);
  const head = make("th", { className: isNumber(column) ? "number" : "" }, button);
  button.onclick = () => {
    table.descending = table.by === column && !table.descending;
    table.by = column;
    for (const one of $("columns").children) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", table.descending ? "descending" : "ascending");
    refresh();
  };
  if (column === table.by) head.setAttribute("aria-sort", "ascending");
  return head;
}

/** Show the table and react to its filters and heads. */
export function startTable() {
  table.texts = clips.clip_id.map((_, row) => searchText(clips, row));
  $("columns").append(...COLUMNS.map(columnHead));
  for (const [id, values] of [["move", clips.move_label], ["difficulty", clips.difficulty]]) {
    for (const value of [...new Set(values)].filter(Boolean).sort()) $(id).append(make("option", { value }, inWords(value)));
    $(id).onchange = refresh;
  }
  $("state").onchange = $("words").oninput = refresh;
  $("more").onclick = () => extend(table.shown + STEP);
  page.whenChosen.push(markRow);
  refresh();
}
