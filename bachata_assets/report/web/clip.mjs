// The chosen clip and its five nearest: videos, scores and reasons.
import { $, FAMILIES, bringIntoView, choose, clips, data, make, page, preview, strip, view } from "./page.mjs";
import { factsOf, inWords, passedOf } from "./facts.mjs";
import { SHOWN, comparison, neighboursOf } from "./likeness.mjs";
import { beside, player, startPlayer } from "./player.mjs";
import { reviewForm } from "./review.mjs";
import { momentStrip } from "./strip.mjs";

function factList(row) {
  const list = make("dl", { className: "facts" });
  for (const [name, value] of factsOf(clips, row)) list.append(make("dt", {}, name), make("dd", {}, value));
  const source = clips.video[row];
  const file = source ? make("a", { href: source, target: "_blank" }, clips.video_path[row]) : clips.video_path[row];
  list.append(make("dt", {}, "file"), make("dd", {}, file));
  return list;
}

function passedList(row) {
  const sentences = passedOf(clips, data.passed_sets, row);
  if (!sentences.length) return "";
  const list = make("ul", {}, ...sentences.map((sentence) => make("li", {}, sentence)));
  return make("details", { className: "passed" }, make("summary", {}, `Checks passed: ${sentences.length}`), list);
}

function showClip(row) {
  const { video, box: practise } = startPlayer(row);
  const box = $("clip");
  const shown = strip(clips.timeline[row]);
  shown.title = "Both dancers found; click to go there";
  shown.onclick = (event) => {
    const area = shown.getBoundingClientRect();
    if (video.duration) video.currentTime = ((event.clientX - area.left) / area.width) * video.duration;
  };
  box.replaceChildren(make("h3", {}, clips.clip_id[row]), practise, shown, momentStrip(row, video), reviewForm(row, video), factList(row));
  for (const message of clips.messages[row]) box.append(make("p", { className: "message" }, message));
  if (clips.state[row] === "look" && clips.messages[row].length) {
    const go = make("button", { type: "button" }, `Go to ${clips.moment[row].toFixed(1)} s`);
    go.onclick = () => { video.currentTime = clips.moment[row]; };
    box.append(go);
  }
  const legend = make("span", { className: "quiet" }, "Orange leads, sky blue follows.");
  const picture = make("figure", { className: "skeletons" }, preview(row), legend);
  picture.firstChild.onerror = () => picture.remove();
  box.append(picture, passedList(row));
  showNearest(row, video);
}

function showNearest(row, video) {
  const box = $("nearest");
  const found = neighboursOf(view(), row);
  const title = { everything: "in everything", movement: "in movement", music: "in music", words: "in words" }[page.view];
  const again = make("button", { type: "button" }, "Play all from the beginning");
  again.onclick = () => {
    for (const one of [video, ...box.querySelectorAll("video")]) {
      one.currentTime = 0;
      one.play?.();
    }
  };
  const head = make("h3", {}, found.length ? `Nearest ${title}` : `No clip to compare with ${title}`);
  const cards = found.map((other, slot) => neighbourCard(row, other, slot));
  box.replaceChildren(
    make("div", { className: "wide" }, head, ...(found.length ? [again] : [])),
    make("div", { className: "nearest" }, ...cards),
  );
}

function neighbourCard(row, other, slot) {
  const name = make("button", { type: "button", className: "link" }, clips.clip_id[other]);
  name.onclick = () => choose(other, true);
  const bars = make("div", { className: "bars" });
  for (const { family, share, reason } of comparison(data.groups, view(), Object.keys(FAMILIES), row, slot)) {
    const bar = make("i");
    bar.style.width = `${share * 100}%`;
    bars.append(make("span", {}, FAMILIES[family]), make("div", { className: "bar" }, bar), make("span", {}, share.toFixed(2)));
    if (reason) bars.append(make("span", { className: "why" }, reason));
  }
  const together = make("button", { type: "button", className: "beside" }, "Side by side");
  together.onclick = () => {
    beside(other);
    bringIntoView($("clip"));
  };
  const score = make("b", {}, (view().score[row * SHOWN + slot] / 1000).toFixed(2));
  return make("div", { className: "card" }, make("div", { className: "head" }, name, score),
    make("div", { className: "quiet" }, inWords(clips.move_label[other])), player(other, { muted: true }), bars, together);
}

page.whenChosen.push(showClip);
