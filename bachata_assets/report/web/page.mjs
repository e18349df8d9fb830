// The page's data and state, and the few functions with which all parts make elements.
export const data = JSON.parse(document.getElementById("data").textContent);
export const clips = data.clips;
export const FAMILIES = { lead: "lead", follow: "follow", interaction: "together", audio: "music", text: "words" };
export const byId = new Map(clips.clip_id.map((id, row) => [id, row]));
export const page = { view: "everything", colour: "move_label", chosen: -1, shown: null, whenChosen: [], whenFiltered: [] };
export const $ = (id) => document.getElementById(id);

/** Return the view that is chosen: places, neighbours and scores. */
export function view() {
  return data.views[page.view];
}

/** Choose a clip: every part of the page shows it. `byHand`: the user chose it now, so the address keeps it. */
export function choose(row, byHand) {
  page.chosen = row;
  for (const show of page.whenChosen) show(row);
  if (!byHand) return;
  history.replaceState(null, "", `#${encodeURIComponent(clips.clip_id[row])}`);
  if (isNarrow()) bringIntoView($("clip"));
}

/** Choose a clip and scroll to it. */
export function chooseAndScroll(row) {
  choose(row, true);
  if (!isNarrow()) bringIntoView($("map-title"));
}

/** Scroll to an element; instantly if the user prefers reduced motion, which browsers do not do by themselves. */
export function bringIntoView(element) {
  element.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth" });
}

/** Tell whether the map and the chosen clip stand below one another, as on a phone. */
export function isNarrow() {
  return matchMedia("(max-width: 820px)").matches;
}

/** Return the picture of a clip with both skeletons, a file beside the page; it removes itself if there is none. */
export function preview(row, properties = {}) {
  const image = make("img", { className: "preview", loading: "lazy", alt: `Frames of ${clips.clip_id[row]} with both skeletons`, ...properties });
  image.onerror = () => image.remove();
  image.src = `previews/${encodeURIComponent(clips.clip_id[row])}.jpg`;
  return image;
}

/** Return an element; children are elements or text, and text is never read as HTML. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Return the value of a CSS variable. */
export function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Return the strip that shows where in a clip both dancers are found. */
export function strip(timeline) {
  const element = make("div", { className: "strip", title: "Both dancers found, from the beginning to the end" });
  for (const digit of timeline) {
    const part = make("i");
    part.style.opacity = 0.12 + (0.88 * digit) / 9;
    element.append(part);
  }
  return element;
}
