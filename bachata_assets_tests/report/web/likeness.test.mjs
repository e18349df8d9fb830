// The neighbours of a clip, and why they are near.
import assert from "node:assert/strict";
import { test } from "node:test";

import { SHOWN, comparison, neighboursOf, reasonOf } from "../../../bachata_assets/report/web/likeness.mjs";

const GROUPS = { lead: { kinds: ["turns", "steps"], parts: ["arms", "hips"] }, audio: { kinds: ["tempo", "rhythm"], parts: [] } };
const slots = (...values) => [...values, ...Array.from({ length: SHOWN - values.length }, () => -1)];
const VIEW = {
  near: [...slots(2, 1), ...slots(0), ...slots()],
  family: { lead: [...slots(912, 500), ...slots(500), ...slots()], audio: [...slots(-1, 733), ...slots(733), ...slots()], text: slots(1000) },
  kind: { lead: slots(1, -1), audio: slots(-1, 0) },
  part: { lead: slots(0, -1), audio: slots(-1, -1) },
};

test("the neighbours are those of the clip's own slots, and only as many as there are", () => {
  assert.deepEqual(neighboursOf(VIEW, 0), [2, 1]);
  assert.deepEqual(neighboursOf(VIEW, 1), [0]);
  assert.deepEqual(neighboursOf(VIEW, 2), []);
});

test("the reason is a body part and a kind of measurement, of music the kind alone", () => {
  assert.equal(reasonOf(GROUPS, VIEW, "lead", 0), "arms, steps");
  assert.equal(reasonOf(GROUPS, VIEW, "audio", 1), "tempo");
});

test("there is no reason where two are not alike, nor for words", () => {
  assert.equal(reasonOf(GROUPS, VIEW, "lead", 1), "");
  assert.equal(reasonOf(GROUPS, VIEW, "text", 0), "");
});

test("two clips are compared in the families that both have", () => {
  assert.deepEqual(comparison(GROUPS, VIEW, ["lead", "audio", "text"], 0, 0), [
    { family: "lead", share: 0.912, reason: "arms, steps" },
    { family: "text", share: 1, reason: "" },
  ]);
  assert.deepEqual(comparison(GROUPS, VIEW, ["lead", "audio"], 0, 1), [
    { family: "lead", share: 0.5, reason: "" },
    { family: "audio", share: 0.733, reason: "tempo" },
  ]);
});
