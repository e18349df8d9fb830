// What is known about a clip, in words. The clips are columns: name -> one value per clip, null if unknown.

/** Return a label such as `basic_step` as words. */
export function inWords(label) {
  return (label || "").replaceAll("_", " ");
}

/** Return a number of things in words: 1 clip, 1,234 clips. */
export function counted(number, thing) {
  return `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
}

/** Return [name, value] of what is known about a clip. */
export function factsOf(clips, row) {
  const tempo = clips.estimated_tempo[row];
  const [heard, confidence] = [clips.heard_tempo[row], clips.heard_tempo_confidence[row]];
  const quality = clips.quality_score[row];
  return [
    ["move", inWords(clips.move_label[row])],
    ["difficulty", inWords(clips.difficulty[row])],
    ["energy", inWords(clips.energy_level[row])],
    ["tempo", tempo ? `${Math.round(tempo)} beats per minute, ${clips.tempo_given[row] ? "as annotated" : "assumed, not annotated"}` : ""],
    ["tempo heard", heard ? `${heard.toFixed(1)} beats per minute, confidence ${confidence.toFixed(2)}` : ""],
    ["quality", quality === null ? "" : `${quality.toFixed(2)}, both dancers in ${Math.round(clips.detection_rate[row] * 100)} % of frames`],
    ["notes", clips.notes[row]],
  ].filter(([, value]) => value);
}

const PASSED = {
  keypoints_finite: () => "Every keypoint is a finite number",
  quality_at_least_half: (clips, row) => `Quality ${clips.quality_score[row].toFixed(2)} is high enough`,
  both_dancers_found: (clips, row) => `Both dancers are found in ${Math.round(clips.detection_rate[row] * 100)} % of the frames`,
  poses_are_certain: () => "Both poses are certain in at least half of the frames",
  one_couple: () => "It is clear which couple is meant",
  camera_is_steady: () => "The camera stands still, or its motion is removed",
  one_shot: () => "The clip is a single shot, without cuts",
  lead_follow_certain: () => "It is clear who leads",
  identities_stable: () => "The dancers were never mistaken for each other or for somebody else",
  file_is_intact: () => "Every picture of the file can be decoded",
  moments_present: () => "Every moment has a vector",
  moments_finite: () => "Every number of the moments is finite",
  transitions_present: () => "The couple is seen where the clip begins and ends",
  transitions_finite: () => "Every number of the beginning and the end is finite",
  movement_is_seen: () => "Movement is seen for long enough",
  tempo_as_annotated: (clips, row) =>
    clips.tempo_given[row] ? "The tempo of the music is the annotated one" : "No annotated tempo to compare with the music",
};

/** Return the passed checks of a clip as sentences with figures; those of vectors share a sentence. */
export function passedOf(clips, sets, row) {
  const names = sets[clips.passed[row]] || [];
  const vectors = names.filter((name) => name.endsWith("_embedding_present")).map((name) => name.replace("_embedding_present", ""));
  const sentences = names.filter((name) => !/_embedding_(present|finite)$/.test(name)).map((name) => PASSED[name]?.(clips, row) ?? inWords(name));
  return vectors.length ? [...sentences, `${counted(vectors.length, "vector")}, all numbers finite: ${vectors.join(", ")}`] : sentences;
}
