// The map: drawing, colours and legend, and choosing a clip on it.
const PALETTE = ["#c8553d", "#2f7f9e", "#d99a2b", "#5c8a4a", "#8a5aa8", "#c46b9b", "#4aa59a", "#8c6d4f", "#5a6fc0", "#a3a13a", "#d4755c", "#3f9160"];
const RAMP = [[178, 60, 48], [222, 160, 60], [60, 150, 120]];
const OTHER = "#98928a";
const map = { canvas: $("map"), zoom: 1, x: 0.5, y: 0.5, only: null, colours: [], hover: -1 };

function places() {
  return data.views[page.view].places;
}

/** Return where a clip is drawn, in CSS pixels. */
function position(row) {
  const { width, height, zoom, x, y } = map;
  const side = Math.min(width, height) - 36;
  return [
    width / 2 + (places()[2 * row] / 9999 - x) * side * zoom * (width > height ? Math.min(width / height, 1.5) : 1),
    height / 2 + (places()[2 * row + 1] / 9999 - y) * side * zoom,
  ];
}

function groupOf(row) {
  return clips[page.colour][row] || "unknown";
}

function quality(share) {
  const place = Math.min(Math.max((share - 0.3) / 0.65, 0), 0.999) * (RAMP.length - 1);
  const low = RAMP[Math.floor(place)], high = RAMP[Math.floor(place) + 1];
  return `rgb(${low.map((from, i) => Math.round(from + (high[i] - from) * (place % 1))).join(",")})`;
}

/** Choose every clip's colour, and write the legend. */
function colourMap() {
  const made = places().length / 2;
  const legend = $("legend");
  legend.replaceChildren();
  map.only = null;
  if (page.colour === "quality_score") {
    map.colours = Array.from({ length: made }, (_, row) => quality(clips.quality_score[row]));
    const ramp = make("div", { className: "ramp" });
    ramp.style.background = `linear-gradient(90deg, ${[0.3, 0.5, 0.7, 0.95].map(quality).join(",")})`;
    legend.append(make("div", { className: "scale" }, "0.3", ramp, "0.95"));
    return;
  }
  const sizes = new Map();
  for (let row = 0; row < made; row++) sizes.set(groupOf(row), (sizes.get(groupOf(row)) || 0) + 1);
  const names = [...sizes.keys()].sort((a, b) => sizes.get(b) - sizes.get(a) || (a < b ? -1 : 1));
  const coloured = names.filter((name) => name !== "unknown").slice(0, PALETTE.length).sort();
  const colour = new Map(coloured.map((name, i) => [name, PALETTE[i]]));
  map.colours = Array.from({ length: made }, (_, row) => colour.get(groupOf(row)) || OTHER);
  const rest = names.length - coloured.length;
  for (const name of rest ? [...coloured, null] : coloured) {
    const own = name === null ? OTHER : colour.get(name);
    const dot = make("span", { className: "dot" });
    dot.style.background = own;
    const words = name === null ? (rest === 1 ? names.find((one) => !colour.has(one)) : `${rest} others`) : name.replaceAll("_", " ");
    const button = make("button", { type: "button" }, dot, words);
    button.setAttribute("aria-pressed", "false");
    button.onclick = () => {
      map.only = map.only === own ? null : own;
      for (const one of legend.children) one.setAttribute("aria-pressed", String(map.only !== null && one === button));
      draw();
    };
    legend.append(button);
  }
}

function draw() {
  const { canvas } = map;
  const box = canvas.getBoundingClientRect();
  const scale = window.devicePixelRatio || 1;
  map.width = box.width;
  map.height = box.height;
  canvas.width = Math.round(box.width * scale);
  canvas.height = Math.round(box.height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const made = places().length / 2;
  const size = made > 2000 ? 2.6 : made > 300 ? 4 : 6;
  for (let row = 0; row < made; row++) {
    if (places()[2 * row] < 0) continue;
    const [x, y] = position(row);
    pen.globalAlpha = map.only !== null && map.colours[row] !== map.only ? 0.1 : made > 2000 ? 0.75 : 0.9;
    pen.fillStyle = map.colours[row];
    pen.beginPath();
    pen.arc(x, y, size, 0, 7);
    pen.fill();
  }
  pen.globalAlpha = 1;
  if (page.chosen >= 0 && page.chosen < made && places()[2 * page.chosen] >= 0) ring(pen, size);
}

/** Mark the chosen clip and join it with its neighbours. */
function ring(pen, size) {
  const [x, y] = position(page.chosen);
  pen.strokeStyle = style("--text");
  for (const row of neighbours(page.chosen)) {
    if (places()[2 * row] < 0) continue;
    const [u, v] = position(row);
    pen.lineWidth = 1;
    pen.globalAlpha = 0.45;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(u, v);
    pen.stroke();
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.arc(u, v, size + 2, 0, 7);
    pen.stroke();
  }
  pen.lineWidth = 2.5;
  pen.beginPath();
  pen.arc(x, y, size + 4, 0, 7);
  pen.stroke();
}

/** Return the clip nearest to a place on the map within reach of a finger, -1 for none. */
function clipAt(x, y) {
  let best = -1, distance = 18 * 18;
  for (let row = 0; row < places().length / 2; row++) {
    if (places()[2 * row] < 0) continue;
    const [u, v] = position(row);
    const squared = (u - x) ** 2 + (v - y) ** 2;
    if (squared < distance) [best, distance] = [row, squared];
  }
  return best;
}

function showTip(row, x, y) {
  const tip = $("tip");
  tip.hidden = row < 0;
  map.canvas.style.cursor = row < 0 ? "crosshair" : "pointer";
  if (row < 0) return;
  tip.textContent = `${clips.clip_id[row]} · ${clips.move_label[row].replaceAll("_", " ")}`;
  tip.style.left = `${Math.max(0, Math.min(x + 12, map.width - tip.offsetWidth - 4))}px`;
  tip.style.top = `${y + 14}px`;
}

function zoomAt(x, y, factor) {
  const zoom = Math.min(Math.max(map.zoom * factor, 1), 40);
  const side = Math.min(map.width, map.height) - 36;
  const stretch = map.width > map.height ? Math.min(map.width / map.height, 1.5) : 1;
  map.x += ((x - map.width / 2) / (side * stretch)) * (1 / map.zoom - 1 / zoom);
  map.y += ((y - map.height / 2) / side) * (1 / map.zoom - 1 / zoom);
  map.zoom = zoom;
  draw();
}

function wholeMap() {
  Object.assign(map, { zoom: 1, x: 0.5, y: 0.5 });
  draw();
}

function showView(view) {
  page.view = view;
  for (const button of $("views").children) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  const absent = places().filter((place, i) => i % 2 === 0 && place < 0).length;
  const note = $("not-on-map");
  note.hidden = absent === 0;
  note.textContent = `${absent} clips have nothing to compare here and are not on this map.`;
  wholeMap();
  if (page.chosen >= 0) showClip(page.chosen, false);
}

function startMap() {
  const { canvas } = map;
  let held = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.onpointerdown = (event) => { held = { from: at(event), x: map.x, y: map.y, moved: false }; };
  canvas.onpointermove = (event) => {
    const [x, y] = at(event);
    if (!held) return showTip(clipAt(x, y), x, y);
    const [dx, dy] = [x - held.from[0], y - held.from[1]];
    held.moved ||= Math.hypot(dx, dy) > 5;
    if (!held.moved) return;
    const side = (Math.min(map.width, map.height) - 36) * map.zoom;
    const stretch = map.width > map.height ? Math.min(map.width / map.height, 1.5) : 1;
    Object.assign(map, { x: held.x - dx / (side * stretch), y: held.y - dy / side });
    draw();
  };
  canvas.onpointerup = (event) => {
    const row = held && !held.moved ? clipAt(...at(event)) : -1;
    held = null;
    if (row >= 0) showClip(row, true);
  };
  canvas.onpointerleave = canvas.onpointercancel = () => { held = null; showTip(-1); };
  canvas.ondblclick = (event) => zoomAt(...at(event), 2);
  canvas.onwheel = (event) => {
    if (!event.ctrlKey && document.activeElement !== canvas) return; // the page scrolls past the map
    event.preventDefault();
    zoomAt(...at(event), Math.exp(-event.deltaY * 0.002));
  };
  canvas.onkeydown = (event) => {
    const factor = { "+": 1.5, "-": 1 / 1.5 }[event.key];
    if (factor) zoomAt(map.width / 2, map.height / 2, factor);
  };
  for (const button of $("views").children) button.onclick = () => showView(button.dataset.view);
  $("colour").onchange = (event) => { page.colour = event.target.value; colourMap(); draw(); };
  $("whole-map").onclick = wholeMap;
  new ResizeObserver(draw).observe(canvas);
  colourMap();
}
