// The files of poses beside the page. A page opened from a file cannot read others, so a frame shows each and sends it.
import { clips, make } from "./page.mjs";
import { unpackPoses } from "./poses.mjs";

const LATEST_MS = 5000;
const asked = new Map();

/** Return a promise of a clip's poses; null if there are none. */
export function posesOf(row) {
  if (!asked.has(row)) asked.set(row, ask(row));
  return asked.get(row);
}

function ask(row) {
  const frame = make("iframe", { hidden: true, title: "Poses", src: `poses/${encodeURIComponent(clips.clip_id[row])}.html` });
  frame.setAttribute("sandbox", "allow-scripts"); // it can only send messages
  return new Promise((done) => {
    const end = (text) => {
      window.removeEventListener("message", hear);
      frame.remove();
      done(text === null ? null : unpackPoses(text));
    };
    const hear = (event) => { if (event.source === frame.contentWindow && typeof event.data === "string") end(event.data); };
    window.addEventListener("message", hear);
    setTimeout(() => end(null), LATEST_MS);
    document.body.append(frame);
  });
}
