// The map: drawing the dots, colours and legend, and choosing a clip on it.
import { $, choose, clips, make, page, preview, style, view } from "./page.mjs";
import { groupColours, qualityColour } from "./colours.mjs";
import { counted, inWords } from "./facts.mjs";
import { countAbsent, dotNear, dotPosition, dotTowards, draggedBy, isOnMap, zoomedAt } from "./geometry.mjs";
import { neighboursOf } from "./likeness.mjs";

const WHOLE = { zoom: 1, x: 0.5, y: 0.5 };
export const map = { canvas: $("map"), width: 0, height: 0, ...WHOLE, only: null, colours: [], focus: -1 };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Choose every clip's colour, and write the legend. */
function colourMap() {
  const made = view().places.length / 2;
  const legend = $("legend");
  map.only = null;
  if (page.colour === "quality_score") {
    map.colours = clips.quality_score.slice(0, made).map(qualityColour);
    const ramp = make("div", { className: "ramp" });
    ramp.style.background = `linear-gradient(90deg, ${[0.3, 0.5, 0.7, 0.95].map(qualityColour).join(",")})`;
    legend.replaceChildren(make("div", { className: "scale" }, "0.3", ramp, "0.95"));
    return;
  }
  const found = groupColours(clips[page.colour].slice(0, made));
  map.colours = found.colours;
  legend.replaceChildren(...found.legend.map(legendButton));
}

/** Return a line of the legend; pressed, it shows its colour alone. */
function legendButton({ colour, label }) {
  const dot = make("span", { className: "dot" });
  dot.style.background = colour;
  const button = make("button", { type: "button" }, dot, label);
  button.setAttribute("aria-pressed", "false");
  button.onclick = () => {
    map.only = map.only === colour ? null : colour;
    for (const one of $("legend").children) one.setAttribute("aria-pressed", String(map.only !== null && one === button));
    draw();
  };
  return button;
}

/** Draw the map as it is now. */
export function draw() {
  const { canvas } = map;
  const places = view().places;
  const box = canvas.getBoundingClientRect();
  const scale = window.devicePixelRatio || 1;
  map.width = box.width;
  map.height = box.height;
  canvas.width = Math.round(box.width * scale);
  canvas.height = Math.round(box.height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const made = places.length / 2;
  const size = made > 2000 ? 2.6 : made > 300 ? 4 : 6;
  for (let row = 0; row < made; row++) {
    if (!isOnMap(places, row)) continue;
    const isQuiet = (map.only !== null && map.colours[row] !== map.only) || (page.shown && !page.shown.has(row));
    pen.globalAlpha = isQuiet ? 0.1 : made > 2000 ? 0.75 : 0.9;
    pen.fillStyle = map.colours[row];
    pen.beginPath();
    pen.arc(...dotPosition(map, places, row), size, 0, 7);
    pen.fill();
  }
  pen.globalAlpha = 1;
  if (page.chosen >= 0 && page.chosen < made && isOnMap(places, page.chosen)) ring(pen, places, size);
  if (map.focus >= 0 && isOnMap(places, map.focus)) {
    pen.strokeStyle = style("--accent");
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(...dotPosition(map, places, map.focus), size + 7, 0, 7);
    pen.stroke();
  }
}

/** Mark the chosen clip and join it with its neighbours. */
function ring(pen, places, size) {
  const [x, y] = dotPosition(map, places, page.chosen);
  pen.strokeStyle = style("--text");
  for (const row of neighboursOf(view(), page.chosen)) {
    if (!isOnMap(places, row)) continue;
    const [u, v] = dotPosition(map, places, row);
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

function showTip(row, x, y) {
  const tip = $("tip");
  tip.hidden = row < 0;
  map.canvas.style.cursor = row < 0 ? "crosshair" : "pointer";
  if (row < 0) return;
  if (tip.dataset.row !== String(row)) {
    tip.dataset.row = row;
    tip.replaceChildren(`${clips.clip_id[row]} · ${inWords(clips.move_label[row])}`, preview(row, { alt: "" }));
  }
  tip.style.left = `${Math.max(0, Math.min(x + 12, map.width - tip.offsetWidth - 4))}px`;
  tip.style.top = `${y + 14}px`;
}

function zoomAt(x, y, factor) {
  Object.assign(map, zoomedAt(map, x, y, factor));
  draw();
}

function showWholeMap() {
  Object.assign(map, WHOLE);
  draw();
}

function showView(name) {
  page.view = name;
  for (const button of $("views").children) button.setAttribute("aria-pressed", String(button.dataset.view === name));
  const absent = countAbsent(view().places);
  const note = $("not-on-map");
  note.hidden = absent === 0;
  note.textContent = `${counted(absent, "clip")} with nothing to compare here: not on this map.`;
  showWholeMap();
  if (page.chosen >= 0) choose(page.chosen, false);
}

/** Let a pointer drag the map, choose clips on it, and show their names. */
function listenToPointer(canvas) {
  let held = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const under = (point) => dotNear(map, view().places, ...point, page.shown);
  canvas.onpointerdown = (event) => { held = { from: at(event), frame: { ...map }, moved: false }; };
  canvas.onpointermove = (event) => {
    const [x, y] = at(event);
    if (!held) return showTip(under([x, y]), x, y);
    const [dx, dy] = [x - held.from[0], y - held.from[1]];
    held.moved ||= Math.hypot(dx, dy) > 5;
    if (!held.moved) return;
    Object.assign(map, draggedBy(held.frame, dx, dy));
    draw();
  };
  canvas.onpointerup = (event) => {
    const row = held && !held.moved ? under(at(event)) : -1;
    held = null;
    if (row >= 0) choose(row, true);
  };
  canvas.onpointerleave = canvas.onpointercancel = () => { held = null; showTip(-1); };
  canvas.ondblclick = (event) => zoomAt(...at(event), 2);
  canvas.onwheel = (event) => {
    if (!event.ctrlKey && document.activeElement !== canvas) return; // the page scrolls past the map
    event.preventDefault();
    zoomAt(...at(event), Math.exp(-event.deltaY * 0.002));
  };
}

/** Let the keys go from dot to dot, show the name and picture of each, and choose it. */
function listenToKeys(canvas) {
  const places = () => view().places;
  const goTo = (row) => {
    map.focus = row;
    draw();
    if (row >= 0) showTip(row, ...dotPosition(map, places(), row));
    else showTip(-1);
  };
  const first = () => {
    const isThere = (row) => row >= 0 && row < places().length / 2 && isOnMap(places(), row) && (!page.shown || page.shown.has(row));
    return isThere(page.chosen) ? page.chosen : clips.clip_id.findIndex((_, row) => isThere(row));
  };
  canvas.onkeydown = (event) => {
    const factor = { "+": 1.5, "-": 1 / 1.5 }[event.key];
    const arrow = ARROWS[event.key];
    if (factor) zoomAt(map.width / 2, map.height / 2, factor);
    if (arrow) {
      event.preventDefault(); // the page does not scroll
      const next = map.focus < 0 ? first() : dotTowards(map, places(), map.focus, arrow, page.shown);
      if (next >= 0) goTo(next);
    }
    if ((event.key === "Enter" || event.key === " ") && map.focus >= 0) {
      event.preventDefault();
      choose(map.focus, true);
    }
  };
  canvas.onfocus = () => { if (canvas.matches(":focus-visible")) goTo(map.focus < 0 ? first() : map.focus); };
  canvas.onblur = () => goTo(-1);
}

/** Show the map and react to input. */
export function startMap() {
  listenToPointer(map.canvas);
  listenToKeys(map.canvas);
  for (const button of $("views").children) button.onclick = () => showView(button.dataset.view);
  $("colour").onchange = (event) => { page.colour = event.target.value; colourMap(); draw(); };
  $("whole-map").onclick = showWholeMap;
  new ResizeObserver(draw).observe(map.canvas);
  page.whenChosen.push(draw);
  page.whenFiltered.push(draw);
  colourMap();
}
