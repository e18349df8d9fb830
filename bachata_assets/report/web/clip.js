// The chosen clip and its five nearest: films, scores and reasons.
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

function neighbours(row) {
  const near = data.views[page.view].near;
  return near.slice(row * SHOWN, (row + 1) * SHOWN).filter((one) => one >= 0);
}

/** Return a film, or why there is none. */
function film(row, properties) {
  const source = clips.video[row];
  const none = (why) => make("div", { className: "film no-film" }, why);
  if (!source) return none(`The films are not beside this page: ${clips.video_path[row]}`);
  const video = make("video", { className: "film", src: source, playsInline: true, loop: true, controls: true, ...properties });
  video.onerror = () => video.replaceWith(none(`Not found, or not playable here: ${decodeURI(source)}`));
  if (!still) video.play().catch(() => {}); // a browser may want to be asked first
  return video;
}

function words(name) {
  return (name || "").replaceAll("_", " ");
}

function facts(row) {
  const list = make("dl", { className: "facts" });
  const say = (name, value) => { if (value) list.append(make("dt", {}, name), make("dd", {}, value)); };
  say("move", words(clips.move_label[row]));
  say("difficulty", words(clips.difficulty[row]));
  say("energy", words(clips.energy_level[row]));
  if (clips.estimated_tempo[row]) say("tempo", `${Math.round(clips.estimated_tempo[row])} beats per minute, by the annotation`);
  if (clips.quality_score[row] !== null) {
    say("quality", `${clips.quality_score[row].toFixed(2)}, both dancers in ${Math.round(clips.detection_rate[row] * 100)} % of frames`);
  }
  say("notes", clips.notes[row]);
  return list;
}

function showClip(row, byHand) {
  page.chosen = row;
  const video = film(row, {});
  const box = $("clip");
  const shown = strip(clips.timeline[row]);
  shown.title = "Both dancers found; click to go there";
  shown.onclick = (event) => {
    const area = shown.getBoundingClientRect();
    if (video.duration) video.currentTime = ((event.clientX - area.left) / area.width) * video.duration;
  };
  box.replaceChildren(make("h3", {}, clips.clip_id[row]), video, shown, facts(row));
  for (const line of clips.says[row]) box.append(make("p", { className: "says" }, line));
  if (clips.state[row] === "look" && clips.says[row].length) {
    const go = make("button", { type: "button" }, `Go to ${clips.moment[row].toFixed(1)} s`);
    go.onclick = () => { video.currentTime = clips.moment[row]; };
    box.append(go);
  }
  showNearest(row, video);
  draw();
  markRow();
  if (byHand) history.replaceState(null, "", `#${encodeURIComponent(clips.clip_id[row])}`);
}

function showNearest(row, video) {
  const box = $("nearest");
  const found = neighbours(row);
  const title = { everything: "in everything", movement: "in movement", music: "in music", words: "in words" }[page.view];
  const again = make("button", { type: "button" }, "Play all from the beginning");
  again.onclick = () => {
    for (const one of [video, ...box.querySelectorAll("video")]) {
      one.currentTime = 0;
      one.play?.();
    }
  };
  const head = make("h3", {}, found.length ? `Nearest ${title}` : `No clip to compare with ${title}`);
  const cards = found.map((other, slot) => neighbour(row, other, slot));
  box.replaceChildren(
    make("div", { className: "wide" }, head, ...(found.length ? [again] : [])),
    make("div", { className: "nearest" }, ...cards),
  );
}

function neighbour(row, other, slot) {
  const at = row * SHOWN + slot;
  const view = data.views[page.view];
  const name = make("button", { type: "button", className: "link" }, clips.clip_id[other]);
  name.onclick = () => showClip(other, true);
  const bars = make("div", { className: "bars" });
  for (const [family, title] of Object.entries(FAMILIES)) {
    const score = view.family[family][at];
    if (score < 0) continue;
    const bar = make("i");
    bar.style.width = `${score / 10}%`;
    bars.append(make("span", {}, title), make("div", { className: "bar" }, bar), make("span", {}, (score / 1000).toFixed(2)));
    const reason = why(view, family, at);
    if (reason) bars.append(make("span", { className: "why" }, reason));
  }
  const score = make("b", {}, (view.score[at] / 1000).toFixed(2));
  return make("div", { className: "card" }, make("div", { className: "head" }, name, score),
    make("div", { className: "quiet" }, words(clips.move_label[other])), film(other, { muted: true, controls: false }), bars);
}

/** Return where most of a family's likeness comes from, in words; nothing where the two are not alike. */
function why(view, family, at) {
  const groups = data.groups[family];
  if (!groups || view.kind[family][at] < 0) return "";
  const kind = groups.kinds[view.kind[family][at]];
  const part = view.part[family][at];
  return part < 0 ? kind : `${groups.parts[part]}, ${kind}`;
}
