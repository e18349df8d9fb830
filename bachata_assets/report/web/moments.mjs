// The moments of the clips, from `report/moments/`: the time of each, also in words, and the moments most like it.

/** Number of neighbours that each moment has room for. */
export const NEAR = 4;
const TOUCH_S = 0.05; // moments that overlap by less count as consecutive

/** Return a moment by its place: {place, from, to, beat, lastBeat}; times in s, beats null without trusted beats. */
export function momentAt(moments, place) {
  const [from, to] = [moments.start[place] / 100, moments.end[place] / 100];
  return { place, from, to, beat: moments.beat[place], lastBeat: moments.last_beat[place] };
}

/** Return the moments of a clip, in order. */
export function momentsOf(moments, row) {
  const [first, end] = [moments.firsts[row] ?? 0, moments.firsts[row + 1] ?? 0];
  return Array.from({ length: Math.max(0, end - first) }, (_, number) => momentAt(moments, first + number));
}

/** Return the clip of a moment. */
export function rowAt(moments, place) {
  let [low, high] = [0, moments.firsts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (moments.firsts[middle] <= place) low = middle;
    else high = middle;
  }
  return low;
}

/** Return the moments of other clips that are most like a moment, best first, each with its clip's row and its score. */
export function nearestMoments(moments, place) {
  return Array.from({ length: NEAR }, (_, slot) => place * NEAR + slot)
    .filter((at) => moments.near[at] >= 0)
    .map((at) => ({ ...momentAt(moments, moments.near[at]), row: rowAt(moments, moments.near[at]), score: moments.score[at] / 1000 }));
}

/** Return the times of a moment in words: 2.2 to 6.2 s. */
export function timesInWords({ from, to }) {
  return `${from.toFixed(1)} to ${to.toFixed(1)} s`;
}

/** Return the time of a moment in words, with its beats: 2.2 to 6.2 s, beats 5 to 12. */
export function whenInWords(moment) {
  const { beat, lastBeat } = moment;
  const times = timesInWords(moment);
  if (beat === null) return times;
  const [first, last] = [Math.ceil(beat) + 1, Math.ceil(lastBeat)]; // the first beat that is heard is 0
  return first < 1 ? `${times}, up to beat ${last}` : `${times}, beats ${first} to ${last}`;
}

/** Return {left, width, lane} of moments on a line of `length` seconds, in %; overlapping moments get different lanes. */
export function lanesOf(own, length) {
  const ends = [];
  return own.map(({ from, to }) => {
    const free = ends.findIndex((end) => end <= from + TOUCH_S);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = to;
    return { left: (100 * from) / length, width: (100 * (Math.min(to, length) - from)) / length, lane };
  });
}
