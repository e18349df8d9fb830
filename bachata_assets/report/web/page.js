"use strict";
// The page's data, and the few words in which every part of it makes elements.
const data = JSON.parse(document.getElementById("data").textContent);
const clips = data.clips;
const count = clips.clip_id.length;
const FAMILIES = { lead: "lead", follow: "follow", interaction: "together", audio: "music", text: "words" };
const SHOWN = 5;
const byId = new Map(clips.clip_id.map((id, row) => [id, row]));
const page = { view: "everything", colour: "move_label", chosen: -1 };
const $ = (id) => document.getElementById(id);

/** Return an element; children are elements or text, and text is never read as HTML. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Return the strip that shows where in a clip both dancers are found. */
function strip(timeline) {
  const element = make("div", { className: "strip", title: "Both dancers found, from the beginning to the end" });
  for (const digit of timeline) {
    const part = make("i");
    part.style.opacity = 0.12 + (0.88 * digit) / 9;
    element.append(part);
  }
  return element;
}
