// The moments of clips: when they are, which clip they are of, and the words for them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { NEAR, lanesOf, momentsOf, nearestMoments, rowAt, whenInWords } from "../../../bachata_assets/report/web/moments.mjs";

const none = Array(NEAR - 2).fill(-1);
const MOMENTS = {
  firsts: [0, 3, 3, 4, 4],
  start: [25, 225, 425, 0], end: [425, 625, 825, 310],
  beat: [0, 4, 8, null], last_beat: [8, 12, 16, null],
  near: [3, -1, ...none, 3, 0, ...none, -1, -1, ...none, 1, 0, ...none],
  score: [912, -1, ...none, 800, 700, ...none, -1, -1, ...none, 950, 900, ...none],
};

test("the moments of a clip are its own, also where it has none", () => {
  assert.deepEqual(momentsOf(MOMENTS, 0).map(({ from, to }) => [from, to]), [[0.25, 4.25], [2.25, 6.25], [4.25, 8.25]]);
  assert.deepEqual(momentsOf(MOMENTS, 1), []);
  assert.deepEqual(momentsOf(MOMENTS, 3), []);
  assert.deepEqual(momentsOf(MOMENTS, 9), []);
});

test("each place belongs to one clip; clips without moments are passed over", () => {
  assert.deepEqual([0, 1, 2, 3].map((place) => rowAt(MOMENTS, place)), [0, 0, 0, 2]);
});

test("the nearest are named with their clip and score, only as many as there are", () => {
  assert.deepEqual(nearestMoments(MOMENTS, 0), [{ place: 3, from: 0, to: 3.1, beat: null, lastBeat: null, row: 2, score: 0.912 }]);
  assert.deepEqual(nearestMoments(MOMENTS, 3).map(({ row, from, score }) => [row, from, score]), [[0, 2.25, 0.95], [0, 0.25, 0.9]]);
  assert.deepEqual(nearestMoments(MOMENTS, 2), []);
});

test("beats are counted from one, and by the times alone where none are trusted", () => {
  assert.equal(whenInWords({ from: 0.25, to: 4.25, beat: 0, lastBeat: 8 }), "0.3 to 4.3 s, beats 1 to 8");
  assert.equal(whenInWords({ from: 0, to: 3.9, beat: -0.4, lastBeat: 7.3 }), "0.0 to 3.9 s, beats 1 to 8");
  assert.equal(whenInWords({ from: 0, to: 4, beat: -4, lastBeat: 4 }), "0.0 to 4.0 s, up to beat 4");
  assert.equal(whenInWords({ from: 0, to: 3.1, beat: null, lastBeat: null }), "0.0 to 3.1 s");
});

test("moments that overlap lie in lanes of their own, and none reaches behind the end", () => {
  assert.deepEqual(lanesOf(momentsOf(MOMENTS, 0), 8), [
    { left: 3.125, width: 50, lane: 0 },
    { left: 28.125, width: 50, lane: 1 },
    { left: 53.125, width: 46.875, lane: 0 },
  ]);
  const lanes = (times) => lanesOf(times.map(([from, to]) => ({ from, to })), 12).map(({ lane }) => lane);
  assert.deepEqual(lanes([[0, 4], [2, 6], [4.02, 8], [6, 10], [7, 11]]), [0, 1, 0, 1, 2]); // the last is a left-over
  assert.deepEqual(lanes([[0, 4]]), [0]);
});
