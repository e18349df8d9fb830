// Which clips the table shows, in which order, and how it writes their values.
import assert from "node:assert/strict";
import { test } from "node:test";

import { STATES, cellText, countText, filteredRows, isNumber, searchText, sortedRows } from "../../../bachata_assets/report/web/rows.mjs";

const CLIPS = {
  clip_id: ["body_roll_10", "body_roll_9", "dip_1"],
  video_path: ["rolls/body_roll_10.mp4", "rolls/body_roll_9.mp4", "Dip 1.MOV"],
  move_label: ["body_roll", "body_roll", "dip"],
  difficulty: ["beginner", "advanced", "beginner"],
  energy_level: ["low", "high", ""],
  notes: ["", "in front of a Mirror", ""],
  state: ["made", "look", "failed"],
  messages: [[], ["Unclear who leads."], ["the file is empty"]],
};
const TEXTS = CLIPS.clip_id.map((_, row) => searchText(CLIPS, row));
const ALL = { words: "", move: "", difficulty: "", state: "" };

const found = (asked) => filteredRows(CLIPS, TEXTS, { ...ALL, ...asked });

test("words are found in whatever is written of a clip, in any case and order", () => {
  assert.deepEqual(found({ words: "roll BODY" }), [0, 1]);
  assert.deepEqual(found({ words: "mirror" }), [1]);
  assert.deepEqual(found({ words: "body_roll_9" }), [1]); // the id as it is written, too
  assert.deepEqual(found({ words: "empty .mov" }), [2]);
  assert.deepEqual(found({ words: "who leads" }), [1]);
  assert.deepEqual(found({ words: "waltz" }), []);
  assert.deepEqual(found({}), [0, 1, 2]);
});

test("all filters hold together", () => {
  assert.deepEqual(found({ difficulty: "beginner" }), [0, 2]);
  assert.deepEqual(found({ difficulty: "beginner", move: "body_roll" }), [0]);
  assert.deepEqual(found({ state: "failed" }), [2]);
  assert.deepEqual(found({ state: "failed", words: "roll" }), []);
});

test("names are sorted as people count, numbers by their value", () => {
  assert.deepEqual(sortedRows(CLIPS.clip_id, [0, 1, 2], false), [1, 0, 2]);
  assert.deepEqual(sortedRows(CLIPS.clip_id, [0, 1, 2], true), [2, 0, 1]);
  assert.deepEqual(sortedRows([10, 9, 100], [0, 1, 2], false), [1, 0, 2]);
});

test("unknown values come last in both directions and equal ones stay as they were", () => {
  assert.deepEqual(sortedRows([null, 2, null, 1, 2], [0, 1, 2, 3, 4], false), [3, 1, 4, 0, 2]);
  assert.deepEqual(sortedRows([null, 2, null, 1, 2], [0, 1, 2, 3, 4], true), [1, 4, 3, 0, 2]);
});

test("sorting leaves the rows that it was given alone", () => {
  const rows = [1, 0];
  sortedRows([1, 2], rows, false);
  assert.deepEqual(rows, [1, 0]);
});

test("cells show numbers in their unit, labels as words, and nothing for what is unknown", () => {
  assert.equal(cellText("estimated_tempo", 117.6), "118");
  assert.equal(cellText("quality_score", 0.5), "0.50");
  assert.equal(cellText("detection_rate", 0.987), "99 %");
  assert.equal(cellText("processing_time", 12.34), "12.3 s");
  assert.equal(cellText("quality_score", null), "");
  assert.equal(cellText("move_label", "body_roll"), "body roll");
  assert.equal(cellText("clip_id", "body_roll_9"), "body_roll_9");
  assert.equal(cellText("energy_level", null), "");
  assert.deepEqual(["estimated_tempo", "move_label"].map(isNumber), [true, false]);
});

test("every state has words", () => {
  for (const state of ["made", "remark", "look", "failed", "pending"]) assert.equal(cellText("state", state), STATES[state]);
});

test("the count tells how many of how many", () => {
  assert.equal(countText(3, 3), "3 clips");
  assert.equal(countText(1, 1), "1 clip");
  assert.equal(countText(1234, 10000), "1,234 of 10,000 clips");
});
