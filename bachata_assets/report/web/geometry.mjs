// The positions of dots on the map. A frame is {width, height, zoom, x, y}: the canvas in CSS pixels, the zoom factor, and
// the place (0..1) in the middle of the canvas. Places are x, y in 0..9999, clip after clip; -1: none.
const FULL = 9999;
const MARGIN = 36; // CSS pixels that stay free of dots, both sides together
const MOST_STRETCH = 1.5; // a wide canvas stretches the map at most so much
const REACH = 18; // CSS pixels from a dot that a finger may be off
const MOST_ZOOM = 40;
const FAR = 1e6; // CSS pixels; more than any map has

/** Return how many CSS pixels the whole map has along x and y, not magnified. */
export function extent({ width, height }) {
  const side = Math.min(width, height) - MARGIN;
  return [side * (width > height ? Math.min(width / height, MOST_STRETCH) : 1), side];
}

/** Tell whether a clip has a place. */
export function isOnMap(places, row) {
  return places[2 * row] >= 0;
}

/** Return how many clips have no place. */
export function countAbsent(places) {
  return places.filter((place, i) => i % 2 === 0 && place < 0).length;
}

/** Return where a clip is drawn, in CSS pixels. */
export function dotPosition(frame, places, row) {
  const [across, down] = extent(frame);
  return [
    frame.width / 2 + (places[2 * row] / FULL - frame.x) * across * frame.zoom,
    frame.height / 2 + (places[2 * row + 1] / FULL - frame.y) * down * frame.zoom,
  ];
}

/** Return the clip nearest to a point on the canvas within reach of a finger, -1 for none. `shown`: clips that count; null: all. */
export function dotNear(frame, places, x, y, shown = null) {
  let best = -1;
  let least = REACH ** 2;
  for (let row = 0; row < places.length / 2; row++) {
    if (!isOnMap(places, row) || (shown && !shown.has(row))) continue;
    const [u, v] = dotPosition(frame, places, row);
    const squared = (u - x) ** 2 + (v - y) ** 2;
    if (squared < least) [best, least] = [row, squared];
  }
  return best;
}

/**
 * Return the next clip from a clip in a direction (right, down: 1 or -1), -1 if there is none.
 *
 * Clips more to the side than ahead come last, so that keys go where they point and every clip can be reached.
 */
export function dotTowards(frame, places, from, [right, down], shown = null) {
  const [x, y] = dotPosition(frame, places, from);
  let best = -1;
  let least = Infinity;
  for (let row = 0; row < places.length / 2; row++) {
    if (row === from || !isOnMap(places, row) || (shown && !shown.has(row))) continue;
    const [u, v] = dotPosition(frame, places, row);
    const ahead = right * (u - x) + down * (v - y);
    const aside = Math.abs(right * (v - y)) + Math.abs(down * (u - x));
    const cost = ahead + 2 * aside + (aside > ahead ? FAR : 0);
    if (ahead <= 0 || cost >= least) continue;
    [best, least] = [row, cost];
  }
  return best;
}

/** Return zoom, x and y of a frame magnified by a factor; the place under the point stays there. */
export function zoomedAt(frame, x, y, factor) {
  const zoom = Math.min(Math.max(frame.zoom * factor, 1), MOST_ZOOM);
  const [across, down] = extent(frame);
  const closer = 1 / frame.zoom - 1 / zoom;
  return {
    zoom,
    x: frame.x + ((x - frame.width / 2) / across) * closer,
    y: frame.y + ((y - frame.height / 2) / down) * closer,
  };
}

/** Return x and y of a frame whose dots are dragged by so many CSS pixels. */
export function draggedBy(frame, dx, dy) {
  const [across, down] = extent(frame);
  return { x: frame.x - dx / (across * frame.zoom), y: frame.y - dy / (down * frame.zoom) };
}
