// The video of the chosen clip to practise with: speed, mirror, a loop, the count, skeletons, another clip in step.
import { clips, make, style } from "./page.mjs";
import { onKey } from "./keys.mjs";
import { LIMBS, beatsUntil, boxAround, countAt, inStep, poseAt } from "./poses.mjs";
import { posesOf } from "./side.mjs";

const SPEEDS = [1, 0.75, 0.5, 0.35];
const SKELETONS = ["none", "both", "lead", "follow", "lead only", "follow only"];
const DRIFT_S = 0.08; // a second video that is further out of step is corrected
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const silent = matchMedia("(pointer: coarse)").matches; // a phone plays no sound before its owner taps for it
/** How the user practises; kept when another clip is chosen. */
export const practice = { speed: 1, mirror: false, shown: "none", count: false };
const now = { stage: null, second: null, from: null, to: null, one: 0, shift: 0, meet: null, controls: {} };

/** Return a video, or why there is none. */
export function player(row, properties) {
  const source = clips.video[row];
  const none = (why) => make("div", { className: "video no-video" }, why);
  if (!source) return none(`The videos are not beside this page: ${clips.video_path[row]}`);
  const video = make("video", { className: "video", src: source, playsInline: true, loop: true, muted: silent, preservesPitch: true, ...properties });
  video.onerror = () => video.replaceWith(none(`Not found, or not playable here: ${decodeURI(source)}`));
  if (!still) video.play().catch(() => {}); // a browser may require a click first
  return video;
}

function newStage(row, properties) {
  const video = player(row, properties);
  const [canvas, count] = [make("canvas", { className: "drawn" }), make("div", { className: "count" })];
  for (const one of [canvas, count]) one.setAttribute("aria-hidden", "true");
  const box = make("div", { className: "stage" }, video, canvas, count);
  return { row, video, canvas, count, box, poses: null };
}

function needsPoses() {
  return practice.shown !== "none" || practice.count || now.second;
}

/** Load what is to be drawn, and show the user's choices. */
function refreshPractice() {
  for (const stage of [now.stage, now.second].filter(Boolean)) {
    stage.box.classList.toggle("mirrored", practice.mirror);
    if (needsPoses() && !stage.poses) {
      posesOf(stage.row).then((poses) => {
        stage.poses = poses ?? { beats: [], frames: 0 };
        tellBeats();
      });
    }
  }
  now.stage.video.playbackRate = practice.speed;
  const { mirror, speed, shown, count, loop, alone } = now.controls;
  mirror.setAttribute("aria-pressed", String(practice.mirror));
  count.setAttribute("aria-pressed", String(practice.count));
  speed.value = String(practice.speed);
  shown.value = practice.shown;
  loop.textContent = now.from === null ? "Loop from here" : now.to === null ? "Loop to here" : "End the loop";
  alone.hidden = !now.second;
  tellBeats();
}

function tellBeats() {
  const known = now.stage.poses;
  now.controls.note.textContent = !needsPoses() || !known ? "" : noteOf(known);
}

function noteOf(known) {
  if (!known.frames) return "There are no poses beside this page: run `bachata-assets report`.";
  if (known.beats.length < 2) {
    return practice.count || now.second ? "The beats of this clip are not trusted, so there is no count; a second clip follows the clock." : "";
  }
  return practice.count ? "The count begins at the first beat; “The one is here” sets it." : "";
}

function drawOver(stage) {
  const { canvas, video, poses } = stage;
  const pen = canvas.getContext("2d");
  const [width, height] = [video.videoWidth || 0, video.videoHeight || 0];
  if (canvas.width !== width) Object.assign(canvas, { width, height });
  pen.clearRect(0, 0, width, height);
  if (!poses?.frames || practice.shown === "none") return;
  const alone = practice.shown.endsWith(" only");
  const wanted = practice.shown.replace(" only", "");
  ["lead", "follow"].forEach((role, who) => {
    if (wanted !== "both" && wanted !== role) return;
    const pose = poseAt(poses, video.currentTime, who);
    const box = boxAround(pose);
    if (alone && box) dimAround(pen, box, width, height);
    if (box) drawPose(pen, pose, width, height, style(`--${role}`));
  });
}

function dimAround(pen, [left, top, right, bottom], width, height) {
  pen.fillStyle = "rgb(0 0 0 / 72%)";
  pen.fillRect(0, 0, width, height);
  pen.clearRect(left * width, top * height, (right - left) * width, (bottom - top) * height);
}

function drawPose(pen, pose, width, height, colour) {
  const size = Math.max(2, height / 160);
  for (const [line, ink] of [[size * 2, "rgb(0 0 0 / 55%)"], [size, colour]]) {
    Object.assign(pen, { lineWidth: line, strokeStyle: ink, fillStyle: ink, lineCap: "round" });
    for (const [one, other] of LIMBS) {
      if (!pose[one] || !pose[other]) continue;
      pen.beginPath();
      pen.moveTo(pose[one][0] * width, pose[one][1] * height);
      pen.lineTo(pose[other][0] * width, pose[other][1] * height);
      pen.stroke();
    }
  }
}

function follow() {
  const { stage, second, controls } = now;
  if (!stage || !stage.box.isConnected) return;
  const { video } = stage;
  if (now.to !== null && (video.currentTime >= now.to || video.currentTime < now.from - 0.3)) video.currentTime = now.from;
  if (second) keepInStep(video, second);
  for (const one of [stage, second].filter(Boolean)) drawOver(one);
  const beats = stage.poses?.beats ?? [];
  const count = practice.count && beats.length > 1 ? countAt(beats, video.currentTime, now.one) : null;
  stage.count.textContent = count ?? "";
  if (video.duration) {
    if (document.activeElement !== controls.place || !video.paused) controls.place.value = (video.currentTime / video.duration) * 1000;
    controls.place.setAttribute("aria-valuetext", `${video.currentTime.toFixed(1)} of ${video.duration.toFixed(1)} s`);
    controls.time.textContent = `${video.currentTime.toFixed(1)} / ${video.duration.toFixed(1)} s`;
  }
  controls.play.textContent = video.paused ? "Play" : "Pause";
  requestAnimationFrame(follow);
}

function keepInStep(video, second) {
  const other = second.video;
  if (!other.duration || !second.poses || !now.stage.poses) return;
  const wanted = inStep(now.stage.poses.beats, second.poses.beats, video.currentTime, practice.speed, now.shift, now.meet);
  const inside = wanted.time >= 0 && wanted.time <= other.duration;
  const runs = !video.paused && inside;
  other.playbackRate = Math.min(4, Math.max(0.1, wanted.rate));
  if (runs === other.paused) { if (runs) other.play().catch(() => {}); else other.pause(); }
  const time = Math.min(other.duration, Math.max(0, wanted.time));
  if (!other.seeking && Math.abs(other.currentTime - time) > (runs ? DRIFT_S : 0.02)) other.currentTime = time;
}

function button(text, title, act) {
  const made = make("button", { type: "button", title }, text);
  made.onclick = act;
  return made;
}

function choice(label, values, act) {
  const select = make("select", {}, ...values.map(([value, text]) => make("option", { value }, text)));
  select.onchange = () => act(select.value);
  return [make("label", {}, `${label} `, select), select];
}

function togglePlay() {
  if (now.stage.video.paused) now.stage.video.play?.().catch(() => {});
  else now.stage.video.pause();
}

function stepBy(seconds) {
  const { video } = now.stage;
  if (video.duration) video.currentTime = Math.min(video.duration, Math.max(0, video.currentTime + seconds));
}

function moveLoop() {
  const time = now.stage.video.currentTime;
  if (now.from === null) now.from = time;
  else if (now.to === null && time > now.from + 0.2) now.to = time;
  else return endLoop();
  refreshPractice();
}

function setOne() {
  const beats = now.stage.poses?.beats ?? [];
  if (beats.length > 1) now.one = Math.round(beatsUntil(beats, now.stage.video.currentTime));
  practice.count = true;
  refreshPractice();
}

function setPractice(values) {
  Object.assign(practice, values);
  refreshPractice();
}

function turn(values, value, by) {
  return values[(values.indexOf(value) + by + values.length) % values.length];
}

/** Repeat a part of the chosen clip, s, beginning now. */
export function loopPart(from, to) {
  Object.assign(now, { from, to });
  now.stage.video.currentTime = from;
  now.stage.video.play?.().catch(() => {});
  refreshPractice();
}

/** Stop repeating. */
export function endLoop() {
  [now.from, now.to] = [null, null];
  refreshPractice();
}

/** Show a part of another clip beside the chosen one; each begins at its own time, s. */
export function besideMoment(row, own, other) {
  beside(row);
  now.meet = { own, other };
  now.stage.video.play?.().catch(() => {});
}

/** Show another clip beside the chosen one, in step by the beats of both; null: none. */
export function beside(row) {
  if (!now.stage) return;
  now.second?.box.remove();
  now.second = row === null ? null : newStage(row, { muted: true, loop: false });
  [now.shift, now.meet] = [0, null];
  if (now.second) {
    now.second.box.append(make("div", { className: "caption" }, clips.clip_id[row]));
    now.stage.box.after(now.second.box);
  }
  now.stage.box.parentElement.classList.toggle("two", row !== null);
  refreshPractice();
}

/** Return the video of a clip in its stage, and the controls below it. */
export function startPlayer(row) {
  const stage = newStage(row, {});
  const speeds = SPEEDS.map((one) => [String(one), one === 1 ? "normal" : `${one} ×`]);
  const [speedLabel, speed] = choice("Speed", speeds, (value) => setPractice({ speed: Number(value) }));
  const [shownLabel, shown] = choice("Skeletons", SKELETONS.map((one) => [one, one]), (value) => setPractice({ shown: value }));
  const place = make("input", { type: "range", min: 0, max: 1000, step: 1, value: 0 });
  place.setAttribute("aria-label", "Place in the clip");
  place.oninput = () => { if (stage.video.duration) stage.video.currentTime = (place.value / 1000) * stage.video.duration; };
  const controls = {
    place, speed, shown, time: make("span", { className: "quiet time" }), note: make("p", { className: "quiet" }),
    play: button("Play", "Space", togglePlay),
    mirror: button("Mirror", "m", () => setPractice({ mirror: !practice.mirror })),
    loop: button("Loop from here", "l", moveLoop),
    count: button("Count", "c", () => setPractice({ count: !practice.count })),
    alone: button("Close the second clip", "b", () => beside(null)),
  };
  controls.note.setAttribute("role", "status");
  controls.sound = button(stage.video.muted ? "Sound on" : "Sound off", "u", () => {
    stage.video.muted = !stage.video.muted;
    controls.sound.textContent = stage.video.muted ? "Sound on" : "Sound off";
  });
  controls.large = button("Full screen", "f", () => stage.box.parentElement.requestFullscreen?.());
  const first = make("div", { className: "player" }, controls.play, place, controls.time, controls.sound, controls.large);
  const one = button("The one is here", "o", setOne);
  const second = make("div", { className: "player" });
  second.append(speedLabel, controls.mirror, controls.loop, shownLabel, controls.count, one, controls.alone);
  second.setAttribute("role", "group");
  second.setAttribute("aria-label", "Practise");
  Object.assign(now, { stage, second: null, from: null, to: null, one: 0, shift: 0, meet: null, controls });
  const box = make("div", { className: "practise" }, make("div", { className: "stages" }, stage.box), first, second, controls.note);
  refreshPractice();
  requestAnimationFrame(follow);
  return { video: stage.video, box };
}

/** Start the keys of the player. */
export function startPlayerKeys() {
  const when = (act) => () => { if (now.stage) act(); };
  onKey(" ", "play or pause", when(togglePlay));
  onKey(",", "one picture back", when(() => stepBy(-1 / 15)));
  onKey(".", "one picture forward", when(() => stepBy(1 / 15)));
  onKey("h", "one second back", when(() => stepBy(-1)));
  onKey("j", "one second forward", when(() => stepBy(1)));
  onKey("<", "slower; the pitch stays", when(() => setPractice({ speed: SPEEDS[Math.min(SPEEDS.length - 1, SPEEDS.indexOf(practice.speed) + 1)] })));
  onKey(">", "faster", when(() => setPractice({ speed: SPEEDS[Math.max(0, SPEEDS.indexOf(practice.speed) - 1)] })));
  onKey("m", "mirror", when(() => setPractice({ mirror: !practice.mirror })));
  onKey("l", "loop from here, to here, end the loop", when(moveLoop));
  onKey("s", "skeletons: both, lead, follow, one of them only, none", when(() => setPractice({ shown: turn(SKELETONS, practice.shown, 1) })));
  onKey("c", "count 1 to 8", when(() => setPractice({ count: !practice.count })));
  onKey("o", "the one is here", when(setOne));
  onKey("u", "sound on or off", when(() => now.controls.sound.click()));
  onKey("f", "full screen; Escape ends it", when(() => now.controls.large.click()));
  onKey("b", "show the nearest clip side by side, or close it", when(() => {
    if (now.second) beside(null);
    else document.querySelector(".beside")?.click();
  }));
  onKey("[", "the second clip a beat earlier", when(() => { now.shift -= 1; }));
  onKey("]", "the second clip a beat later", when(() => { now.shift += 1; }));
}
