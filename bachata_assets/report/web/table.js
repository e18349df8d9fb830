// The table of all clips: sorted, filtered, and a hundred rows at a time.
const STEP = 100;
const STATES = { made: "made", remark: "remarks", look: "to look at", failed: "failed", pending: "to be made" };
const COLUMNS = [
  ["clip_id", "Clip"], ["move_label", "Move"], ["difficulty", "Difficulty"], ["energy_level", "Energy"],
  ["estimated_tempo", "Tempo"], ["quality_score", "Quality"], ["detection_rate", "Both seen"], ["timeline", "When"],
  ["processing_time", "Made in"], ["state", "State"],
];
const NUMBERS = {
  estimated_tempo: (v) => v.toFixed(0),
  quality_score: (v) => v.toFixed(2),
  detection_rate: (v) => `${Math.round(v * 100)} %`,
  processing_time: (v) => `${v.toFixed(1)} s`,
};
const table = { by: "clip_id", down: false, shown: STEP, rows: [], text: [] };

function refresh() {
  const words = $("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  const [move, difficulty, state] = ["move", "difficulty", "state"].map((id) => $(id).value);
  const rows = [];
  for (let row = 0; row < count; row++) {
    if (move && clips.move_label[row] !== move) continue;
    if (difficulty && clips.difficulty[row] !== difficulty) continue;
    if (state && clips.state[row] !== state) continue;
    if (words.every((word) => table.text[row].includes(word))) rows.push(row);
  }
  const values = clips[table.by];
  const sign = table.down ? -1 : 1;
  const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
  rows.sort((a, b) => {
    const [one, other] = [values[a], values[b]];
    if (one === null || other === null) return (one === null) - (other === null) || a - b; // unknown comes last
    return sign * order(one, other) || a - b;
  });
  table.rows = rows;
  $("count").textContent = rows.length === count ? `${count.toLocaleString("en")} clips` : `${rows.length.toLocaleString("en")} of ${count.toLocaleString("en")} clips`;
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
  const cells = COLUMNS.map(([key]) => {
    const value = clips[key][row];
    if (key === "timeline") return make("td", {}, value ? strip(value) : "");
    if (key === "state") return make("td", { className: `state-${value}`, title: clips.says[row].join("\n") }, STATES[value]);
    if (key in NUMBERS) return make("td", { className: "number" }, value === null ? "" : NUMBERS[key](value));
    return make("td", {}, key === "clip_id" ? value : (value || "").replaceAll("_", " "));
  });
  const line = make("tr", {}, ...cells);
  line.dataset.row = row;
  if (clips.quality_score[row] === null) return line;
  line.tabIndex = 0;
  line.onclick = () => { showClip(row, true); $("map-title").scrollIntoView({ behavior: "smooth" }); };
  line.onkeydown = (event) => { if (event.key === "Enter") line.onclick(); };
  return line;
}

function markRow() {
  for (const line of $("rows")?.children || []) line.classList.toggle("chosen", Number(line.dataset.row) === page.chosen);
}

function startTable() {
  table.text = clips.clip_id.map((id, row) =>
    [id, clips.move_label[row], clips.difficulty[row], clips.energy_level[row], clips.notes[row], clips.video_path[row], ...clips.says[row]].join(" ").replaceAll("_", " ").toLowerCase().concat(" ", id.toLowerCase()));
  for (const [key, title] of COLUMNS) {
    const button = make("button", { type: "button" }, title);
    const head = make("th", { className: key in NUMBERS ? "number" : "" }, button);
    button.onclick = () => {
      table.down = table.by === key ? !table.down : false;
      table.by = key;
      for (const one of $("columns").children) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", table.down ? "descending" : "ascending");
      refresh();
    };
    if (key === table.by) head.setAttribute("aria-sort", "ascending");
    $("columns").append(head);
  }
  for (const [id, values] of [["move", clips.move_label], ["difficulty", clips.difficulty]]) {
    for (const value of [...new Set(values)].filter(Boolean).sort()) $(id).append(make("option", { value }, value.replaceAll("_", " ")));
    $(id).onchange = refresh;
  }
  $("state").onchange = $("words").oninput = refresh;
  $("more").onclick = () => extend(table.shown + STEP);
  refresh();
}
