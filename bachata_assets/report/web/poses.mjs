// Poses and beats of a clip, as `report/poses.py` packs them: unpacking, the pose at a time, counting.

const JOINTS = 17;
const NOT_FOUND = 255;
const LEVELS = 254;
/** Pairs of joints that are drawn as lines, in the order of COCO. */
export const LIMBS = [
  [5, 7], [7, 9], [6, 8], [8, 10], [5, 6], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15], [12, 14], [14, 16], [0, 5], [0, 6],
];

/** Return the content of a file of poses, unpacked; null if it cannot be used. */
export async function unpackPoses(text) {
  try {
    const { rate, start, frames, beats, packed } = JSON.parse(text);
    const deflated = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    const places = new Uint8Array(await new Response(stream).arrayBuffer());
    const size = 2 * JOINTS * 2;
    if (places.length !== frames * size || !(rate > 0)) return null;
    for (let at = size; at < places.length; at++) places[at] += places[at - size]; // bytes count modulo 256
    return { rate, start, frames, beats: beats.map(Number), places };
  } catch {
    return null;
  }
}

/** Return a dancer's joints at a time, [x, y] in 0..1 of the picture or null, linearly interpolated between frames. */
export function poseAt(poses, time, who) {
  const at = (time - poses.start) * poses.rate;
  const frame = Math.floor(at);
  if (frame < 0 || frame >= poses.frames) return Array(JOINTS).fill(null);
  const next = Math.min(frame + 1, poses.frames - 1);
  return Array.from({ length: JOINTS }, (_, joint) => {
    const [one, other] = [placeOf(poses, frame, who, joint), placeOf(poses, next, who, joint)];
    if (!one || !other) return at - frame < 0.5 ? one : other;
    return one.map((value, axis) => value + (at - frame) * (other[axis] - value));
  });
}

function placeOf(poses, frame, who, joint) {
  const at = ((frame * 2 + who) * JOINTS + joint) * 2;
  const [x, y] = [poses.places[at], poses.places[at + 1]];
  return x === NOT_FOUND ? null : [x / LEVELS, y / LEVELS];
}

/** Return [left, top, right, bottom] around a pose, with room for head and hands; null if nothing is found. */
export function boxAround(pose) {
  const found = pose.filter(Boolean);
  if (!found.length) return null;
  const [xs, ys] = [found.map(([x]) => x), found.map(([, y]) => y)];
  const [left, top, right, bottom] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  const room = 0.12 * (bottom - top);
  return [left - room, top - room, right + room, bottom + room];
}

/** Return the mean time between beats, s. */
function beatLength(beats) {
  return (beats.at(-1) - beats[0]) / (beats.length - 1);
}

/** Return a time in beats after the first, with fractions; also for times before the first and after the last beat. */
export function beatsUntil(beats, time) {
  const next = beats.findIndex((beat) => beat > time);
  if (next === 0) return (time - beats[0]) / beatLength(beats);
  if (next < 0) return beats.length - 1 + (time - beats.at(-1)) / beatLength(beats);
  return next - 1 + (time - beats[next - 1]) / (beats[next] - beats[next - 1]);
}

/** Return the time that is `count` beats after the first. */
export function timeAfterBeats(beats, count) {
  const whole = Math.floor(count);
  if (whole < 0) return beats[0] + count * beatLength(beats);
  if (whole >= beats.length - 1) return beats.at(-1) + (count - beats.length + 1) * beatLength(beats);
  return beats[whole] + (count - whole) * (beats[whole + 1] - beats[whole]);
}

/** Return the count 1..8 at a time; `one` is the number of a beat that counts as one. Null before the first beat. */
export function countAt(beats, time, one) {
  const beat = Math.floor(beatsUntil(beats, time) + 1e-6);
  return beat < 0 ? null : ((((beat - one) % 8) + 8) % 8) + 1;
}

/** Return {time, rate} at which another clip shows the same beat; by the clock if one of the two has no beats.
 * `meet`: {own, other}, matching times; null: the first beats match, or the beginnings. */
export function inStep(own, other, time, rate, shift, meet = null) {
  if (own.length < 2 || other.length < 2) return { time: time + shift / 2 + (meet ? meet.other - meet.own : 0), rate };
  const speed = beatLength(other) / beatLength(own);
  const apart = meet ? Math.round(beatsUntil(other, meet.other) - beatsUntil(own, meet.own)) : 0;
  return { time: timeAfterBeats(other, beatsUntil(own, time) + shift + apart), rate: rate * speed };
}
