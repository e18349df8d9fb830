// What a person changes of the annotations, and which clip to look at first.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  appliedText, changedValue, changesText, differenceText, doubtOf, keepChange, keptText, noteApplied,
  patchOf, presentValue, problemText, readKept, readTempo, reviewOrder, tappedTempo,
} from "../../../bachata_assets/report/web/edits.mjs";

const CLIPS = {
  clip_id: ["sure", "doubtful", "__proto__"],
  move_label: ["dip", "turn", null],
  difficulty: ["beginner", "", null],
  energy_level: ["low", "medium", null],
  estimated_tempo: [120, 100, null],
  tempo_given: [true, true, false],
  notes: ["", "slow", null],
  said: [null, { lead: "left", swapped_at: [2] }, { move_label: "walk" }],
  role_confidence: [0.97, 0.6, null],
  label_doubt: [null, null, null],
  switches: [[], [3.21, 4], []],
  tempo_heard: [121, 127.4, null],
  beats_trusted: [true, true, false],
};

test("a value is what the annotation says, else its fallback", () => {
  assert.equal(presentValue(CLIPS, 0, "move_label"), "dip");
  assert.equal(presentValue(CLIPS, 1, "difficulty"), "unknown");
  assert.equal(presentValue(CLIPS, 2, "move_label"), "walk");
  assert.equal(presentValue(CLIPS, 2, "estimated_tempo"), 120);
  assert.deepEqual(presentValue(CLIPS, 1, "swapped_at"), [2]);
  assert.equal(presentValue(CLIPS, 0, "lead"), null);
  assert.equal(presentValue(CLIPS, 0, "notes"), null);
});

test("a change remembers what was there, and is none once it is the same again", () => {
  const changes = new Map();
  keepChange(CLIPS, changes, 1, "lead", "right");
  keepChange(CLIPS, changes, 1, "lead", null);
  keepChange(CLIPS, changes, 2, "couple", "none");
  assert.equal(changedValue(CLIPS, changes, 1, "lead"), null);
  assert.equal(changesText(changes), "2 changes in 2 clips");
  assert.deepEqual(patchOf(changes, "now"), {
    format: "bachata-annotations-patch",
    version: 1,
    made_at: "now",
    changes: [
      { clip_id: "doubtful", set: { lead: null }, was: { lead: "left" } },
      { clip_id: "__proto__", set: { couple: "none" }, was: { couple: null } },
    ],
  });
  keepChange(CLIPS, changes, 1, "lead", "left");
  keepChange(CLIPS, changes, 2, "couple", null);
  assert.equal(changes.size, 0);
  assert.equal(changesText(changes), "No changes yet");
});

test("changes are kept over a reload, but for those that are applied and those of other pages", () => {
  const changes = new Map([["sure", new Map([["move_label", { to: "dip", was: "walk" }], ["notes", { to: "new", was: null }]])],
    ["gone", new Map([["notes", { to: "x", was: null }]])]]);
  const kept = readKept(keptText(changes, new Set(["sure", "gone"])), CLIPS);
  assert.deepEqual([...kept.changes], [["sure", new Map([["notes", { to: "new", was: null }]])]]);
  assert.deepEqual([...kept.seen], ["sure"]);
});

test("what somebody else wrote into the store is left alone", () => {
  const odd = '{"changes": [["sure", [["notes"]]], 7, ["sure", [["x", {"to": 1, "was": 2}]]]]}';
  for (const text of ["", "{", "null", "[1]", '{"changes": 3, "seen": {}}', odd]) {
    const kept = readKept(text, CLIPS);
    assert.deepEqual([kept.changes.size, kept.seen.size], [0, 0], text);
  }
});

test("a tempo is tapped from four taps on, and a pause begins anew", () => {
  assert.equal(tappedTempo([0, 500, 1000]), null);
  assert.equal(tappedTempo([0, 500, 1000, 1500]), 120);
  assert.equal(tappedTempo([0, 470, 1010, 1500, 2000]), 120);
  assert.equal(tappedTempo([0, 100, 200, 5000, 5600, 6200, 6800]), 100);
  assert.equal(tappedTempo([0, 10, 20, 30]), null);
  assert.deepEqual(["128", " 99.5 ", "30", "x", ""].map(readTempo), [128, 99.5, null, null, null]);
});

test("the most uncertain clip comes first, those seen come last", () => {
  const { doubt, reasons } = doubtOf(CLIPS, 1);
  assert.ok(doubt > 0.9 && doubt < 1);
  assert.deepEqual(reasons, ["who leads: 60 % sure", "the dancers may be exchanged from 3.2, 4.0 s on", "annotated 100 beats per minute, heard 127"]);
  assert.equal(doubtOf(CLIPS, 0).doubt, 0);
  const clips = { ...CLIPS, role_confidence: [0.8, 0.6, 0.5] };
  assert.deepEqual(reviewOrder(clips, new Set()).map(({ row }) => row), [2, 1, 0]);
  assert.deepEqual(reviewOrder(clips, new Set(["__proto__"])).map(({ row }) => row), [1, 0, 2]);
});

test("what a server answers to changes is said in words, errors in one line", () => {
  const answer = { annotations: "said.json", written: false, changes: [{}, {}], to_be_made: { a: ["x"] }, left_out: ["b"] };
  assert.equal(appliedText(answer), "2 fields would change in said.json; 1 clip to be made again, 1 clip left out.");
  assert.match(appliedText({ ...answer, written: true }), /^Written into said.json\. Now run bachata-assets generate: 1 clip to be made again/);
  assert.equal(appliedText({ ...answer, changes: [] }), "The annotations have all of these values already: said.json");
  assert.equal(differenceText({ clip_id: "a", field: "move_label", before: null, after: "dip" }), 'a: move label: nothing → "dip"');
  assert.equal(problemText(422, "two\n lines "), "two lines");
  assert.equal(problemText(500, undefined), "The server answered with the status 500.");
  assert.equal(problemText(401, "send the token"), "That is not the server's token.");
});

test("what is applied is what a later change was made of", () => {
  const changes = new Map([["a", new Map([["move_label", { to: "dip", was: "turn" }]])]]);
  noteApplied(changes);
  assert.deepEqual(patchOf(changes, "").changes, [{ clip_id: "a", set: { move_label: "dip" }, was: { move_label: "dip" } }]);
});

test("a label that disagrees with its neighbours is a reason, and weighs as much as they agree", () => {
  const doubt = { move_label: "body_roll", confidence: 0.1, likely: "dip", likely_confidence: 0.9 };
  const clips = { ...CLIPS, label_doubt: [doubt, null, null] };
  assert.deepEqual(doubtOf(clips, 0).reasons, ["labelled body roll, but moves like dip (90 %, 10 % like body roll)"]);
  assert.ok(Math.abs(doubtOf(clips, 0).doubt - 0.32) < 1e-9);
});
