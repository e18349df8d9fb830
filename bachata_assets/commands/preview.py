"""`preview`: write a video of a clip with its skeletons, or a picture of everyone in it.

`pose/drawing/preview_video.py` and `pose/drawing/people_picture.py` draw them.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from bachata_assets.collection import layout, scan
from bachata_assets.collection.arriving import open_arrivals
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset, TableMissingError, provenance_of
from bachata_assets.collection.folders import folders_of
from bachata_assets.pipeline.tools import Models
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.drawing.people_picture import SeenPerson, people_picture, seen_people
from bachata_assets.pose.drawing.preview_video import write_preview_video
from bachata_assets.pose.no_couple import NoCoupleError
from bachata_assets.settings import Settings
from bachata_assets.video.files import on_disk


class PreviewError(ValueError):
    """There is nothing to draw; the message says what to do."""


def preview(clip_id: str, settings: Settings, dataset: Dataset, out: Path | None = None) -> str:
    """Write the preview video of a clip, by default into the data dir; return its path or URL.

    Raises
    ------
    PreviewError
        The clip is unknown, has no keypoints yet, or has changed since they were made; or the folder of `out` does not
        exist, or `out` is a clip.
    UnreadableVideoError
        The clip's file is gone or cannot be decoded.
    DiscoveryError, AnnotationError, SettingsError
        As for any scan of the collection.
    """
    with _clip_here(clip_id, settings, dataset) as clip:
        couple = _keypoints(clip, dataset)
        if out:
            _require_writable(out, settings, dataset)
            write_preview_video(clip.path, couple, out)
            return str(out)
        name = layout.preview_video(clip_id)
        if "://" not in dataset.url:
            _require_no_clip(Path(dataset.path(name)), settings, dataset)
        with tempfile.TemporaryDirectory() as folder:
            video = Path(folder) / "preview.mp4"
            write_preview_video(clip.path, couple, video)
            dataset.write_bytes(name, video.read_bytes())
    return dataset.path(name)


def preview_people(
    clip_id: str, settings: Settings, dataset: Dataset, models: Models, out: Path | None = None
) -> list[str]:
    """Write a picture of everyone in a clip, by default into the data dir; return lines that describe it.

    The models of the keypoints process the clip again, so that the numbers in the picture are those that its
    annotation uses.

    Raises
    ------
    PreviewError
        The clip is unknown; or the folder of `out` does not exist, or `out` is a clip.
    UnreadableVideoError
        The clip's file is gone or cannot be decoded.
    DiscoveryError, AnnotationError, SettingsError
        As for any scan of the collection.
    """
    if out:
        _require_writable(out, settings, dataset)
    with _clip_here(clip_id, settings, dataset) as clip:
        estimate = models.pose.estimator()
        said = None if clip.annotation.couple == "none" else clip.annotation.couple
        seen = estimate.people(clip.path, limits=models.limits, said=said)
    problem = None
    try:
        choice = seen.choose(said, estimate.parameters)
    except NoCoupleError as error:
        problem, choice = error.reason, seen.choose(None, estimate.parameters)
    picture = people_picture(seen, choice)
    if out:
        out.write_bytes(picture)
    else:
        dataset.write_bytes(layout.people_picture(clip_id), picture)
    people = seen_people(seen, choice, estimate.parameters.choice.least_activity)
    written = str(out) if out else dataset.path(layout.people_picture(clip_id))
    lines = [_line(person) for person in people] or ["Nobody is seen in this clip."]
    return [*lines, *([f"Not possible: {problem}."] if problem else []), *_advice(people), f"Wrote {written}"]


def _line(person: SeenPerson) -> str:
    """Return a line about a person."""
    place = json.dumps({"box": person.box, "at_s": round(person.at_s, 1)})
    part = f", {person.part}" if person.part else ""
    return f"{person.number:3d}  {person.start_s:.1f} to {person.end_s:.1f} s{part}; {place}"


def _advice(people: Sequence[SeenPerson]) -> list[str]:
    """Return lines that say what to write into the annotation."""
    couple = [person.number for person in people if person.part == "the couple"]
    others = [person.number for person in people if person.part != "the couple"]
    if len(people) < 2 or not others:
        return []
    two = others[:2] if len(others) > 1 else couple[:1] + others
    return [
        f"The couple is {couple[0]} and {couple[1]}." if len(couple) == 2 else "No couple is found.",
        f'For another couple, write its two numbers into the clip\'s annotation, as "couple": {sorted(two)}, or a box '
        'around the two and its time, as above: "couple": {"box": …}.',
    ]


def _require_writable(out: Path, settings: Settings, dataset: Dataset) -> None:
    if not out.absolute().parent.is_dir():
        raise PreviewError(f"There is no folder {out.parent}: make it, or choose another --out")
    _require_no_clip(out, settings, dataset)


def _require_no_clip(out: Path, settings: Settings, dataset: Dataset) -> None:
    """Refuse to overwrite a clip of the collection, which may be in the data dir under the name of a preview."""
    if not out.is_file():
        return
    size, videos = out.stat().st_size, folders_of(settings, dataset).videos
    alike = (on_disk(videos.file(file.path)) for file in scan.known_files(dataset).values() if file.size == size)
    if any(path.is_file() and path.samefile(out) for path in alike):
        raise PreviewError(f"{out} is a clip of this collection that a preview must not replace: choose another --out")


@contextmanager
def _clip_here(clip_id: str, settings: Settings, dataset: Dataset) -> Iterator[Clip]:
    """Yield a clip with a local file; from a bucket, it is fetched, and the copy removed afterwards."""
    clip = _clip(clip_id, settings, dataset)
    with open_arrivals(settings, dataset) as arrivals:
        arrivals.expect([clip])
        try:
            here = arrivals.take(clip)
        except OSError as error:
            raise PreviewError(str(error)) from error
        yield here


def _clip(clip_id: str, settings: Settings, dataset: Dataset) -> Clip:
    known = scan.known_files(dataset)
    if clip_id not in known:
        near = get_close_matches(clip_id, known)
        hint = f"did you mean {' or '.join(near)}?" if near else "see `bachata-assets status`"
        raise PreviewError(f"No clip of this collection is called {clip_id!r}: {hint}")
    return scan.clips_of([clip_id], settings, dataset)[0]


def _keypoints(clip: Clip, dataset: Dataset) -> CoupleKeypoints:
    try:
        table = dataset.read_table("keypoints", clip.clip_id)
    except TableMissingError as error:
        raise PreviewError(f"{clip.clip_id} has no keypoints yet: run `bachata-assets generate`") from error
    made_of = provenance_of(table)["inputs"]["clip_file"]
    if on_disk(clip.path).is_file() and made_of != clip.versions["clip_file"]:
        raise PreviewError(
            f"{clip.shown} has changed since its keypoints were made: run `bachata-assets generate` first"
        )
    return CoupleKeypoints.from_table(table)
