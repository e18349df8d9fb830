// What is known of a clip, in words.
import assert from "node:assert/strict";
import { test } from "node:test";

import { factsOf, inWords } from "../../../bachata_assets/report/web/facts.mjs";

const CLIPS = {
  move_label: ["lady_left_turn", ""],
  difficulty: ["beginner", null],
  energy_level: ["high", null],
  estimated_tempo: [117.6, null],
  quality_score: [0.912, null],
  detection_rate: [0.987, null],
  notes: ["in <b>front</b> of a mirror", ""],
};

test("a label is read as words, an unknown one as nothing", () => {
  assert.equal(inWords("lady_left_turn"), "lady left turn");
  assert.equal(inWords(null), "");
});

test("the facts of a clip are in words, with what people wrote as they wrote it", () => {
  assert.deepEqual(factsOf(CLIPS, 0), [
    ["move", "lady left turn"],
    ["difficulty", "beginner"],
    ["energy", "high"],
    ["tempo", "118 beats per minute, by the annotation"],
    ["quality", "0.91, both dancers in 99 % of frames"],
    ["notes", "in <b>front</b> of a mirror"],
  ]);
});

test("of a clip of which nothing is known nothing is listed", () => {
  assert.deepEqual(factsOf(CLIPS, 1), []);
});
