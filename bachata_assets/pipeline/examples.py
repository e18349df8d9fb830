"""Search examples that are not in the collection: their vectors are made like a clip's, and nothing is stored."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from bachata_assets.annotation import Annotation
from bachata_assets.clip_record import VECTOR_FIELDS
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.clip_tables import vector_of
from bachata_assets.collection.videos.discovery import VIDEO_SUFFIXES
from bachata_assets.families import Absent
from bachata_assets.music.beats import Beats, find_beats
from bachata_assets.music.embedding import audio_embedding
from bachata_assets.music.song import load_song
from bachata_assets.music.sound import SoundError
from bachata_assets.pipeline.failure import named
from bachata_assets.pipeline.stage import ClipStage, Tables
from bachata_assets.pipeline.workers.base import Workers
from bachata_assets.search.asking.example import Example
from bachata_assets.video.files import MATROSKA_SUFFIXES, Seen, on_disk
from bachata_assets.video.limits import MediaLimits

logger = logging.getLogger(__name__)

SAID_FROM_S = 0.5
"""How far a part must reach beyond its song for a warning, s: compressed sound begins and ends with silence."""
SEEN_FAMILIES = ("lead", "follow", "interaction", "audio")
"""Families that a video shows; it has no text, since nobody has annotated it."""


class ExampleError(ValueError):
    """A search example cannot be used; the message names the file, what is wrong and what to do."""


def song_example(path: Path, start: float | None, end: float | None, limits: MediaLimits, workers: Workers) -> Example:
    """Return the tempo and the audio vector of a song, which the workers read.

    Parameters
    ----------
    path : path of the song
    start, end : the part to use, s; None: its beginning, or its end
    limits : limits of what is read

    Raises
    ------
    ExampleError
        The song cannot be read, or there is nothing to hear in it.
    """
    try:
        example, heard_to = workers.call(_song, path, start, end, limits)
    except Exception as error:
        raise ExampleError(str(named(error, path))) from error
    if end is not None and end - heard_to > SAID_FROM_S:
        logger.warning("%s: its sound ends at %.1f s, so the part ends there, not at %g s", path, heard_to, end)
    return example


def video_example(path: Path, stages: Sequence[ClipStage], workers: Workers, *, matroska: bool = False) -> Example:
    """Return the vectors of a video's couple and its music, made by the stages of a clip.

    Parameters
    ----------
    path : path of the video
    stages : stages of a clip, inputs first
    workers : where the stages run
    matroska : also read .mkv and .webm

    Raises
    ------
    ExampleError
        The video cannot be read as a clip, or shows no couple.
    """
    if path.suffix.lower() not in (VIDEO_SUFFIXES | MATROSKA_SUFFIXES if matroska else VIDEO_SUFFIXES):
        remedy = "set BACHATA_MATROSKA=true, or " if path.suffix.lower() in MATROSKA_SUFFIXES else ""
        raise ExampleError(f"{path}: this file type is not accepted as a video; {remedy}convert it to mp4")
    try:
        seen = Seen.of(on_disk(path).stat())
    except OSError as error:
        raise ExampleError(f"{path}: cannot be read ({error.strerror}); check its path and its permissions") from None
    version = f"asked-{seen.size}-{seen.mtime_ns}"
    clip = Clip("asked", path, path.as_posix(), Annotation(), {"clip_file": version, "annotation": "asked"})
    wanted = [stage for stage in stages if stage.name in ("beats", "keypoints", *map(VECTOR_FIELDS.get, SEEN_FAMILIES))]
    tables: dict[str, pa.Table] = {}
    try:
        with workers:
            workers.begin(clip, wanted)
            for stage in wanted:
                inputs = Tables({name: tables[name] for name in stage.table_inputs})
                tables[stage.name] = workers.make(clip, stage, inputs)[0].table
    except Exception as error:
        raise ExampleError(str(named(error, path))) from error
    made = {family: tables[VECTOR_FIELDS[family]] for family in SEEN_FAMILIES}
    vectors = {family: vector_of(table) for family, table in made.items()}
    beats = Beats.from_table(tables["beats"])
    return Example(
        {family: vector for family, vector in vectors.items() if vector is not None},
        beats.tempo if beats.trusted else None,
        {family: made[family].column("absent_reason")[0].as_py() for family in made if vectors[family] is None},
    )


def _song(path: Path, start: float | None, end: float | None, limits: MediaLimits) -> tuple[Example, float]:
    """Return the example of a song, and the time where its sound ends, s; runs in a worker process."""
    sound = load_song(path, start, end, limits)
    beats = find_beats(sound)
    vector = audio_embedding(sound, beats)
    if isinstance(vector, Absent):
        raise SoundError(f"{path}: {vector.reason}; choose a longer part, or another file")
    return Example({"audio": vector}, beats.tempo if beats.trusted else None, is_song=True), (
        start or 0
    ) + sound.duration
