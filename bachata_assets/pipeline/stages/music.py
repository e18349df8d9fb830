"""The clip's beats and its audio embedding."""

from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.collection.clip import Clip
from bachata_assets.families import Absent
from bachata_assets.music.beats import VERSION as BEATS_VERSION
from bachata_assets.music.beats import Beats, find_beats
from bachata_assets.music.embedding import VERSION as AUDIO_VERSION
from bachata_assets.music.embedding import audio_embedding
from bachata_assets.music.sound import Sound, SoundError, load_sound
from bachata_assets.pipeline.stage import ClipStage, Figures, Made, Tables
from bachata_assets.pipeline.stages.vectors import vector_figures, vector_made
from bachata_assets.pipeline.tools import Models
from bachata_assets.video.limits import MediaLimits


def stages() -> list[ClipStage]:
    """Return the music stages."""
    beats = ClipStage(
        name="beats",
        inputs=("clip_file",),
        schema=schemas.beats,
        code_version=BEATS_VERSION,
        description="The times of the music's beats, its tempo, and how far to trust them.",
        group="music",
        kinds=("python", "parquet"),
        make=make_beats,
        reads_files=True,
        figures=_figures,
    )
    audio = ClipStage(
        name="audio_embedding",
        inputs=("clip_file", "beats"),
        schema=schemas.embedding("audio"),
        code_version=AUDIO_VERSION,
        description="How the music sounds: MFCC, chroma, spectrum, tempo, beat and rhythm; 128 numbers.",
        group="music",
        kinds=("python", "parquet"),
        make=make_audio_embedding,
        reads_files=True,
        figures=vector_figures,
    )
    return [beats, audio]


def make_beats(clip: Clip, _tables: Tables, models: Models) -> Made:
    """Find the beats."""
    beats = find_beats(_sound(clip, models.limits))
    table = beats.to_table()
    return Made(table, _figures(table))


def make_audio_embedding(clip: Clip, tables: Tables, models: Models) -> Made:
    """Describe the sound."""
    vector = audio_embedding(_sound(clip, models.limits), tables.decoded("beats", Beats.from_table))
    return vector_made("audio", clip.clip_id, vector, {})


def _figures(table: pa.Table) -> Figures:
    beats = Beats.from_table(table)
    return {"tempo": beats.tempo, "confidence": beats.confidence, "beats": len(beats.times)}


def _sound(clip: Clip, limits: MediaLimits) -> Sound | Absent:
    return _decoded(clip.path, clip.versions["clip_file"], limits)


@lru_cache(maxsize=2)
def _decoded(path: Path, _content: str, limits: MediaLimits) -> Sound | Absent:
    """Decode a clip's sound once for both stages; sound that cannot be decoded counts as missing."""
    try:
        return load_sound(path, limits)
    except SoundError as error:
        return Absent(str(error))
