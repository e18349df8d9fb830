// Poses and beats as the page draws and counts them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { boxAround, beatsUntil, countAt, inStep, poseAt, timeAfterBeats, unpackPoses } from "../../../bachata_assets/report/web/poses.mjs";

const SIZE = 2 * 17 * 2;
const BEATS = [1, 1.5, 2, 2.5, 3];

function packed(frames) {
  const bytes = new Uint8Array(frames.length * SIZE);
  frames.forEach((value, frame) => bytes.fill((value - (frame ? frames[frame - 1] : 0) + 256) % 256, frame * SIZE, (frame + 1) * SIZE));
  return JSON.stringify({ rate: 7.5, start: 0.5, frames: frames.length, beats: BEATS, packed: deflateSync(bytes).toString("base64") });
}

test("bytes are added up modulo 256, and a pose between two frames lies between them", async () => {
  const poses = await unpackPoses(packed([127, 254, 0, 255]));
  assert.deepEqual(poseAt(poses, 0.5, 0)[3], [0.5, 0.5]);
  assert.deepEqual(poseAt(poses, 0.5 + 0.5 / 7.5, 1)[0].map((value) => Math.round(value * 100)), [75, 75]);
  assert.deepEqual(poseAt(poses, 0.5 + 2.2 / 7.5, 0)[0], [0, 0]); // the next one is not found: stay at the nearer
  assert.equal(poseAt(poses, 0.5 + 2.8 / 7.5, 0)[0], null);
  assert.equal(poseAt(poses, 0, 0)[0], null);
  assert.equal(poseAt(poses, 9, 0)[0], null);
});

test("what is no file of poses is none", async () => {
  const whole = JSON.parse(packed([1, 2]));
  const wrong = [{ frames: 3 }, { packed: "!" }, { rate: 0 }].map((values) => JSON.stringify({ ...whole, ...values }));
  for (const text of ["", "null", "{}", ...wrong]) {
    assert.equal(await unpackPoses(text), null, text);
  }
});

test("a box around a pose has room for the head; nobody has none", () => {
  assert.deepEqual(boxAround([[0.2, 0.1], null, [0.4, 0.6]]).map((value) => Number(value.toFixed(2))), [0.14, 0.04, 0.46, 0.66]);
  assert.equal(boxAround([null, null]), null);
});

test("beats are counted from one to eight, and the one can be set", () => {
  assert.deepEqual([0.9, 1, 1.49, 1.5, 3, 5, 5.1].map((time) => countAt(BEATS, time, 0)), [null, 1, 1, 2, 5, 1, 1]);
  assert.equal(countAt(BEATS, 2, 2), 1);
  assert.equal(countAt(BEATS, 1.5, 2), 8);
});

test("times and beats are each other's inverse, also beyond the ends", () => {
  for (const time of [0, 1, 1.2, 2.9, 3, 4.4]) assert.ok(Math.abs(timeAfterBeats(BEATS, beatsUntil(BEATS, time)) - time) < 1e-9, time);
});

test("another clip shows the same beat at its own speed; without beats it goes by the clock", () => {
  const slower = [0, 1, 2, 3];
  assert.deepEqual(inStep(BEATS, slower, 2, 0.5, 0), { time: 2, rate: 1 });
  assert.deepEqual(inStep(BEATS, slower, 2, 1, 1), { time: 3, rate: 2 });
  assert.deepEqual(inStep(BEATS, [], 2, 0.5, 0), { time: 2, rate: 0.5 });
});

test("two moments run side by side from where they begin, in step by their beats or by the clock", () => {
  const slower = [1, 2, 3, 4, 5, 6];
  const begins = { own: timeAfterBeats(BEATS, 2), other: 5 };
  assert.equal(inStep(BEATS, slower, begins.own, 1, 0, begins).time, 5);
  assert.equal(inStep(BEATS, slower, timeAfterBeats(BEATS, 1), 1, 0, begins).time, 4);
  assert.deepEqual(inStep(BEATS, [], 3, 0.5, 0, { own: 2, other: 7.5 }), { time: 8.5, rate: 0.5 });
});
