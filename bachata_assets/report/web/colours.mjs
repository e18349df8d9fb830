// The colours of the map's dots, and what its legend lists.
import { inWords } from "./facts.mjs";

const PALETTE = ["#c8553d", "#2f7f9e", "#d99a2b", "#5c8a4a", "#8a5aa8", "#c46b9b", "#4aa59a", "#8c6d4f", "#5a6fc0", "#a3a13a", "#d4755c", "#3f9160"];
const RAMP = [[178, 60, 48], [222, 160, 60], [60, 150, 120]];
const OTHER = "#98928a";
const UNKNOWN = "unknown";

/** Return the colour of a quality: red up to 0.3, yellow, green from 0.95. */
export function qualityColour(quality) {
  const place = Math.min(Math.max((quality - 0.3) / 0.65, 0), 0.999) * (RAMP.length - 1);
  const [low, high] = RAMP.slice(Math.floor(place), Math.floor(place) + 2);
  return `rgb(${low.map((from, i) => Math.round(from + (high[i] - from) * (place % 1))).join(",")})`;
}

/**
 * Return the colour of every clip by its group, and the legend.
 *
 * The largest groups get their own colour, the others and unknown ones share one.
 */
export function groupColours(groups) {
  const sizes = new Map();
  for (const group of groups) sizes.set(group || UNKNOWN, (sizes.get(group || UNKNOWN) || 0) + 1);
  const names = [...sizes.keys()].sort((a, b) => sizes.get(b) - sizes.get(a) || (a < b ? -1 : 1));
  const coloured = names.filter((name) => name !== UNKNOWN).slice(0, PALETTE.length).sort();
  const own = new Map(coloured.map((name, i) => [name, PALETTE[i]]));
  const legend = coloured.map((name) => ({ colour: own.get(name), label: inWords(name) }));
  const rest = names.filter((name) => !own.has(name));
  if (rest.length) legend.push({ colour: OTHER, label: rest.length === 1 ? rest[0] : `${rest.length} others` });
  return { colours: groups.map((group) => own.get(group || UNKNOWN) || OTHER), legend };
}
