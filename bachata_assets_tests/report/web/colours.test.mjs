// Colours of qualities and of groups, and the legend.
import assert from "node:assert/strict";
import { test } from "node:test";

import { groupColours, qualityColour } from "../../../bachata_assets/report/web/colours.mjs";

const times = (name, count) => Array.from({ length: count }, () => name);

test("quality goes from red over yellow to green", () => {
  assert.equal(qualityColour(0), "rgb(178,60,48)");
  assert.equal(qualityColour(0.3), "rgb(178,60,48)");
  assert.equal(qualityColour(0.625), "rgb(222,160,60)");
  assert.equal(qualityColour(1), "rgb(60,150,120)");
  assert.equal(qualityColour(0.4625), "rgb(200,110,54)");
});

test("every group has a colour of its own, and equal groups the same", () => {
  const { colours, legend } = groupColours(["dip", "body_roll", "dip"]);
  assert.equal(colours[0], colours[2]);
  assert.notEqual(colours[0], colours[1]);
  assert.deepEqual(legend.map(({ label }) => label), ["body roll", "dip"]);
  assert.deepEqual(legend.map(({ colour }) => colour), [colours[1], colours[0]]);
});

test("the twelve largest groups are told apart and the others share a colour", () => {
  const groups = Array.from({ length: 15 }, (_, i) => times(`move_${String(i).padStart(2, "0")}`, 20 - i)).flat();
  const { colours, legend } = groupColours(groups);
  assert.equal(new Set(colours).size, 13);
  assert.equal(legend.length, 13);
  assert.equal(legend.at(-1).label, "3 others");
  assert.equal(legend.at(-1).colour, colours.at(-1));
});

test("clips of no known group share the last colour, by name where it is the only one", () => {
  const { colours, legend } = groupColours(["dip", null, "", "unknown"]);
  assert.deepEqual(colours.slice(1), times(legend[1].colour, 3));
  assert.deepEqual(legend.map(({ label }) => label), ["dip", "unknown"]);
});

test("groups of the same size keep their colours from page to page", () => {
  assert.deepEqual(groupColours(["b", "a"]).legend, groupColours(["a", "b"]).legend);
});
