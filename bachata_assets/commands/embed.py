"""`embed_song`, `embed_video`, `embed_text`: search examples that are not in the collection."""

from pathlib import Path
from typing import Any

from bachata_assets.pipeline.examples import song_example, video_example
from bachata_assets.search.asking.example import Example
from bachata_assets.search.asking.questions import question_of_text
from bachata_assets.settings import Settings, load_settings


def embed_song(path: str | Path, start: float | None = None, end: float | None = None, **settings: Any) -> Example:
    """Return the tempo and the audio vector of a song, for `find_similar(vectors=…)`.

    The search then returns clips that fit the song's tempo, its double or its half within 4 %.

    Parameters
    ----------
    path : an mp3, wav, m4a, flac or ogg file, or a video, of which only the sound is read
    start, end : the part to use, s of the file; None: its beginning, or its end
    settings : by name. Files are read in this process, since a script without `if __name__ == "__main__":` cannot
        start others; use `workers="processes"` if yours has it.

    Raises
    ------
    ExampleError
        Names the file, what is wrong and what to do.

    Examples
    --------
    >>> from bachata_assets import embed_song
    >>> song = embed_song("data/sample/videos/basic_steps/basic_step_1.mp4", start=1)
    >>> song["audio"].shape, round(song.tempo)
    ((128,), 120)
    """
    return song_of(Path(path), start, end, _settings(settings))


def embed_video(path: str | Path, **settings: Any) -> Example:
    """Return the vectors of a video's couple and its music, for `find_similar(vectors=…)`; stores nothing.

    The video passes the stages of a clip, with the models, the precision and the limits of the settings.

    Parameters
    ----------
    path : a video of the kind that clips are
    settings : by name, as in `embed_song`

    Raises
    ------
    ExampleError
        Names the file, what is wrong and what to do; for example if it shows no couple.
    SettingsError
        The models are missing.

    Examples
    --------
    >>> from bachata_assets import embed_video
    >>> sorted(embed_video("data/sample/videos/basic_steps/basic_step_1.mp4"))
    ['audio', 'follow', 'interaction', 'lead']
    """
    return video_of(Path(path), _settings(settings))


def embed_text(sentence: str) -> Example:
    """Return the vector of a sentence and the words in it, for `find_similar(vectors=…)`.

    Raises
    ------
    QueryError
        The sentence is empty, longer than 10,000 characters, or not a string.

    Examples
    --------
    >>> from bachata_assets import embed_text
    >>> sentence = embed_text("slow dips for beginners")
    >>> sentence["text"].shape, "dip" in sentence.words
    ((384,), True)
    """
    asked = question_of_text(sentence)
    return Example(asked.vectors, words=asked.words)


def song_of(path: Path, start: float | None, end: float | None, settings: Settings) -> Example:
    """Return the search example of a song, see `embed_song`."""
    from bachata_assets.inference.precision import effective_precision
    from bachata_assets.pipeline.tools import Models, PoseModelsProvider, TextModelProvider, media_limits
    from bachata_assets.pipeline.workers.opening import open_workers

    limits = media_limits(settings)
    unused = PoseModelsProvider(settings.model_set, effective_precision(settings.precision))
    with open_workers(settings, Models(unused, TextModelProvider(), limits)) as workers:
        return song_example(path, start, end, limits, workers)


def video_of(path: Path, settings: Settings) -> Example:
    """Return the search example of a video, see `embed_video`."""
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.pipeline.stage import ClipStage
    from bachata_assets.pipeline.workers.opening import open_workers

    platform = build_platform(settings)
    platform.require_models()
    stages = [stage for stage in platform.stages if isinstance(stage, ClipStage)]
    workers = open_workers(settings, platform.tools.models, here=True)
    return video_example(path, stages, workers, matroska=settings.matroska)


def _settings(given: dict[str, Any]) -> Settings:
    return load_settings(**({"workers": "in_process"} | given))
