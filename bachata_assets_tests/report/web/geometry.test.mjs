// Where dots are drawn, found under a finger, magnified and dragged.
import assert from "node:assert/strict";
import { test } from "node:test";

import { countAbsent, dotNear, dotPosition, dotTowards, draggedBy, extent, isOnMap, zoomedAt } from "../../../bachata_assets/report/web/geometry.mjs";

const SQUARE = { width: 436, height: 436, zoom: 1, x: 0.5, y: 0.5 }; // 400 px of map
const PLACES = [0, 0, 9999, 9999, -1, -1, 4999.5, 4999.5];

const near = (found, expected) => found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-9, `${found} is not ${expected}`));

test("the corners of the map lie at the margin and the middle in the middle", () => {
  near(dotPosition(SQUARE, PLACES, 0), [18, 18]);
  near(dotPosition(SQUARE, PLACES, 1), [418, 418]);
  near(dotPosition(SQUARE, PLACES, 3), [218, 218]);
});

test("a wide canvas stretches the map, at most by half", () => {
  assert.deepEqual(extent({ width: 520, height: 436 }).map(Math.round), [477, 400]);
  assert.deepEqual(extent({ width: 2000, height: 436 }), [600, 400]);
  assert.deepEqual(extent({ width: 436, height: 2000 }), [400, 400]);
});

test("clips without a place are counted and found nowhere", () => {
  assert.deepEqual([0, 1, 2, 3].map((row) => isOnMap(PLACES, row)), [true, true, false, true]);
  assert.equal(countAbsent(PLACES), 1);
  assert.equal(dotNear(SQUARE, PLACES, 18 - 400 / 9999, 18 - 400 / 9999), 0); // not the one at -1, -1
});

test("the nearest dot within a finger's reach is found", () => {
  const two = [5000, 5000, 5250, 5000]; // 10 px apart
  assert.equal(dotNear(SQUARE, two, 219, 218), 0);
  assert.equal(dotNear(SQUARE, two, 227, 218), 1);
  assert.equal(dotNear(SQUARE, two, 218, 218 + 17), 0);
  assert.equal(dotNear(SQUARE, two, 218, 218 + 19), -1);
});

test("a dot that is filtered out is not found", () => {
  const two = [5000, 5000, 5250, 5000];
  assert.equal(dotNear(SQUARE, two, 219, 218, new Set([1])), 1);
  assert.equal(dotNear(SQUARE, two, 219, 218, new Set()), -1);
});

test("an arrow leads to the nearest dot in its direction, and never back or to what has no place", () => {
  const cross = [5000, 5000, 7000, 5200, 6000, 9000, 1000, 5000, -1, -1];
  assert.equal(dotTowards(SQUARE, cross, 0, [1, 0]), 1);
  assert.equal(dotTowards(SQUARE, cross, 0, [-1, 0]), 3);
  assert.equal(dotTowards(SQUARE, cross, 0, [0, 1]), 2);
  assert.equal(dotTowards(SQUARE, cross, 0, [0, -1]), -1);
  assert.equal(dotTowards(SQUARE, cross, 0, [1, 0], new Set([2, 3])), 2);
});

test("what is under the pointer stays there when the map is magnified", () => {
  const before = dotPosition(SQUARE, PLACES, 1);
  const closer = { ...SQUARE, ...zoomedAt(SQUARE, ...before, 3) };
  assert.equal(closer.zoom, 3);
  near(dotPosition(closer, PLACES, 1), before);
  assert.ok(dotPosition(closer, PLACES, 0)[0] < -700);
});

test("the map is never smaller than whole and never more than 40 times as large", () => {
  assert.equal(zoomedAt(SQUARE, 10, 10, 0.1).zoom, 1);
  assert.equal(zoomedAt(SQUARE, 10, 10, 1000).zoom, 40);
});

test("dots follow the pointer that drags them, however magnified", () => {
  const frame = { width: 900, height: 436, zoom: 4, x: 0.3, y: 0.6 };
  const [x, y] = dotPosition(frame, PLACES, 3);
  near(dotPosition({ ...frame, ...draggedBy(frame, 30, -12) }, PLACES, 3), [x + 30, y - 12]);
});
