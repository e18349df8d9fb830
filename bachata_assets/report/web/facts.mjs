// What is known of a clip, in words. The clips are columns: name -> one value a clip, null where it is not known.

/** Return a label such as `basic_step` as words. */
export function inWords(label) {
  return (label || "").replaceAll("_", " ");
}

/** Return [name, value] of what is known of a clip. */
export function factsOf(clips, row) {
  const tempo = clips.estimated_tempo[row];
  const quality = clips.quality_score[row];
  return [
    ["move", inWords(clips.move_label[row])],
    ["difficulty", inWords(clips.difficulty[row])],
    ["energy", inWords(clips.energy_level[row])],
    ["tempo", tempo ? `${Math.round(tempo)} beats per minute, by the annotation` : ""],
    ["quality", quality === null ? "" : `${quality.toFixed(2)}, both dancers in ${Math.round(clips.detection_rate[row] * 100)} % of frames`],
    ["notes", clips.notes[row]],
  ].filter(([, value]) => value);
}
