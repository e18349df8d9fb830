// What is known of a clip, in words.
import assert from "node:assert/strict";
import { test } from "node:test";

import { counted, factsOf, inWords, passedOf } from "../../../bachata_assets/report/web/facts.mjs";

const CLIPS = {
  move_label: ["lady_left_turn", ""],
  difficulty: ["beginner", null],
  energy_level: ["high", null],
  estimated_tempo: [117.6, null],
  tempo_given: [true, true],
  heard_tempo: [121.26, null],
  heard_tempo_confidence: [0.934, null],
  passed: [1, 0],
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
    ["tempo", "118 beats per minute, as annotated"],
    ["tempo heard", "121.3 beats per minute, confidence 0.93"],
    ["quality", "0.91, both dancers in 99 % of frames"],
    ["notes", "in <b>front</b> of a mirror"],
  ]);
});

test("a tempo that nobody annotated is said to be assumed", () => {
  const assumed = factsOf({ ...CLIPS, tempo_given: [false, true] }, 0).find(([name]) => name === "tempo")[1];
  assert.equal(assumed, "118 beats per minute, assumed, not annotated");
});

test("the checks that a clip passes are sentences with their figures, those of vectors one", () => {
  const passed = ["quality_at_least_half", "lead_follow_certain", "lead_embedding_finite", "lead_embedding_present"];
  const sets = [[], [...passed, "audio_embedding_present", "a_new_check"]];
  assert.deepEqual(passedOf(CLIPS, sets, 0), [
    "Quality 0.91 is high enough", "It is clear who leads", "a new check", "2 vectors, all numbers finite: lead, audio",
  ]);
  assert.deepEqual(passedOf(CLIPS, sets, 1), []);
});

test("one thing is one, and many are many", () => {
  assert.equal(counted(1, "clip"), "1 clip");
  assert.equal(counted(1234, "clip"), "1,234 clips");
});

test("of a clip of which nothing is known nothing is listed", () => {
  assert.deepEqual(factsOf(CLIPS, 1), []);
});
