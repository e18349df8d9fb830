"""Each format, read back by its own library."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachata_assets.annotation import Annotation
from bachata_assets.export.coco import write_coco
from bachata_assets.export.fiftyone import write_fiftyone
from bachata_assets.export.movement import write_movement
from bachata_assets.export.rerun_file import TIMELINE, write_rerun
from bachata_assets.export.source import ExportedClip, Finding, MomentTimes
from bachata_assets.export.webvtt import webvtt, write_webvtt
from bachata_assets.music.beats import Beats
from bachata_assets_tests.support.paths import PROJECT, SAMPLE_CLIP
from bachata_assets_tests.support.synthetic_couple import a_couple


@pytest.fixture(scope="module")
def clip() -> ExportedClip:
    """Two seconds of the sample's video with drawn poses; the follow is not found for six frames."""
    couple = a_couple(2.0)
    valid = couple.valid.copy()
    valid[10:16, 1] = False
    keypoints = couple.keypoints.copy()
    keypoints[0, 0, 9, 2] = 0.1
    return ExportedClip(
        "a clip",
        SAMPLE_CLIP,
        "clips/a clip.mp4",
        Annotation(move_label="dip"),
        replace(couple, valid=valid, keypoints=keypoints),
        Beats(np.arange(0.1, 6, 0.5), 120.0, 0.9, 6.0),
        (
            Finding("identities_stable", "Taken for one another <b>\n-->", (0.5, 1.2)),
            Finding("lead_follow_certain", "Unclear who leads"),
        ),
    )


def read_alone(package: str, script: str, folder: Path) -> dict[str, Any]:
    """Return what a library finds in a folder, in an environment of its own.

    Beside the platform it would lower the versions of OpenCV, pandas and PyArrow.
    """
    if shutil.which("uv") is None:
        pytest.skip(f"{package} is installed by uv, which is not here")
    alone = ["uv", "run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    of_that_day = ["--exclude-newer", "2026-11-28", "--with", package]  # what it asks for may go on without it
    # FiftyOne would begin a database, which importing needs not.
    environment = os.environ | {"FIFTYONE_DISABLE_SERVICES": "1"}
    words = [*alone, *of_that_day, "python", str(PROJECT / "bachata_assets_tests" / "support" / script), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=900, check=False, env=environment)
    if done.returncode and "CI" not in os.environ:
        pytest.skip(f"{package} cannot be installed or run here: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_coco_is_read_by_pycocotools_with_tracks_and_roles(clip: ExportedClip, tmp_path: Path) -> None:
    from pycocotools.coco import COCO

    path, pictures = write_coco([clip, replace(clip, clip_id="b")], tmp_path, pictures=True)
    coco = COCO(str(path))
    assert len(coco.imgs) == 60
    assert len(coco.anns) == 2 * (60 - 6)
    (person,) = coco.loadCats(coco.getCatIds(["person"]))
    assert (len(person["keypoints"]), person["keypoints"][0]) == (17, "nose")
    lead, follow = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    roles = [(one["role"], one["attributes"]["role"], one["track_id"]) for one in (lead, follow)]
    assert roles == [("lead", "lead", 0), ("follow", "follow", 1)]
    assert np.allclose(np.reshape(lead["keypoints"], (17, 3))[:, :2], clip.couple.keypoints[0, 0, :, :2], atol=0.01)
    assert lead["keypoints"][9 * 3 + 2] == 1  # not seen well
    assert lead["num_keypoints"] == 16
    assert len(coco.getAnnIds(imgIds=[11])) == 1
    names = {image["file_name"] for image in coco.imgs.values()}
    assert names == {path.relative_to(pictures).as_posix() for path in pictures.rglob("*.jpg")}


def test_coco_is_read_by_the_reader_of_cvat(clip: ExportedClip, tmp_path: Path) -> None:
    write_coco([clip], tmp_path, pictures=True)
    read = read_alone("datumaro==1.13.12", "read_as_cvat.py", tmp_path)
    assert (read["pictures"], read["size"], read["labels"]) == (30, [720, 1280], ["person"])
    assert [(len(joints), joints[0]) for joints in read["joints"]] == [(17, "nose")]
    assert {role: track for role, (track, _) in read["poses"].items()} == {"lead": 0, "follow": 1}
    for dancer, role in enumerate(("lead", "follow")):
        assert np.allclose(read["poses"][role][1], clip.couple.keypoints[0, dancer, 0, :2], atol=0.01)


def test_movement_files_are_read_by_xarray_in_its_form(clip: ExportedClip, tmp_path: Path) -> None:
    import xarray as xr

    (path,) = write_movement([clip], tmp_path)
    with xr.open_dataset(path) as found:
        assert found.position.dims == ("time", "space", "keypoints", "individuals")
        assert found.confidence.dims == ("time", "keypoints", "individuals")
        assert (found.attrs["ds_type"], found.attrs["time_unit"], found.attrs["fps"]) == ("poses", "seconds", 15.0)
        nose = found.position.sel(keypoints="nose", individuals="follow")
        assert np.allclose(nose.isel(time=3), clip.couple.keypoints[3, 1, 0, :2])
        assert np.isnan(nose.isel(time=12)).all()
        assert np.allclose(found.beat_times, clip.beats.times)


def test_a_recording_is_read_by_rerun_with_everything_on_one_timeline(clip: ExportedClip, tmp_path: Path) -> None:
    from rerun.chunk import RrdReader

    (path,) = write_rerun([clip], tmp_path)
    rows: dict[str, int] = {}
    for chunk in RrdReader(path).stream():
        place = str(chunk.entity_path)
        rows[place] = rows.get(place, 0) + chunk.num_rows
        assert chunk.is_static or TIMELINE in chunk.timeline_names, place
    assert rows["/video/lead/joints"] == 30
    assert rows["/video/follow/joints"] == 30 - 6
    assert rows["/beats"] == 12
    assert rows["/checks"] == 3
    assert rows["/video"] > 100  # its pictures


def test_the_dataset_folder_of_fiftyone_holds_videos_and_labels(clip: ExportedClip, tmp_path: Path) -> None:
    manifest, labels = write_fiftyone([clip], tmp_path)
    index = json.loads(manifest.read_text())
    assert index["type"] == "eta.core.datasets.LabeledVideoDataset"
    (entry,) = index["index"]
    assert (tmp_path / entry["data"]).read_bytes() == SAMPLE_CLIP.read_bytes()
    assert tmp_path / entry["labels"] == labels
    frames = json.loads(labels.read_text())["frames"]
    assert list(frames)[:3] == ["1", "3", "5"]  # 15 poses a second of 30 pictures
    lead, follow = frames["1"]["keypoints"]["keypoints"]
    assert (lead["label"], lead["index"], follow["label"], follow["index"]) == ("lead", 0, "follow", 1)
    expected = clip.couple.keypoints[0, 0, :, :2] / [1280, 720]
    assert np.allclose(lead["points"], expected, atol=1e-4)
    assert len(frames["25"]["keypoints"]["keypoints"]) == 1


def test_the_dataset_folder_is_read_by_the_importer_of_fiftyone(clip: ExportedClip, tmp_path: Path) -> None:
    write_fiftyone([clip], tmp_path)
    read = read_alone("fiftyone==1.22.1", "read_as_fiftyone.py", tmp_path)
    assert Path(read["video"]).read_bytes() == SAMPLE_CLIP.read_bytes()
    assert read["move_label"] == "dip"
    (lead, follow), expected = read["poses"]["1"], clip.couple.keypoints[0, :, :, :2] / [1280, 720]
    assert (lead[:2], follow[:2]) == (["lead", 0], ["follow", 1])
    assert np.allclose([lead[2], follow[2]], expected, atol=1e-4)
    assert [box[:2] for box in read["boxes"]["1"]] == [["lead", 0], ["follow", 1]]
    assert len(read["poses"]["25"]) == 1


def test_subtitles_are_read_by_webvtt_py(clip: ExportedClip, tmp_path: Path) -> None:
    import webvtt as library

    (path,) = write_webvtt([clip], tmp_path)
    cues = [(cue.start, cue.end, cue.raw_text) for cue in library.read(str(path)).captions]
    assert cues == [
        ("00:00:00.000", "00:00:02.000", "Unclear who leads"),
        ("00:00:00.100", "00:00:04.100", "Eight 1"),
        ("00:00:00.500", "00:00:02.000", "Taken for one another &lt;b&gt; --&gt;"),
        ("00:00:00.667", "00:00:01.067", "The follow is not found"),
        ("00:00:01.200", "00:00:02.700", "Taken for one another &lt;b&gt; --&gt;"),
        ("00:00:04.100", "00:00:05.600", "Eight 2"),
    ]


def test_moments_are_subtitles_of_their_own_and_may_overlap(clip: ExportedClip, tmp_path: Path) -> None:
    import webvtt as library

    times = (MomentTimes(0.1, 4.1, 0, 8), MomentTimes(2.1, 6.1, 4, 12))
    whole = (MomentTimes(0.0, 3.25, -0.4, 7.3), MomentTimes(0.0, 3.0, -3, 3), MomentTimes(0.0, 2.0, None, None))
    written = write_webvtt([replace(clip, moments=times), replace(clip, clip_id="b", moments=whole)], tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        "a clip.vtt", "moments/a clip.vtt", "b.vtt", "moments/b.vtt"
    ]  # fmt: skip
    cues = [(cue.identifier, cue.start, cue.end, cue.text) for cue in library.read(str(written[1])).captions]
    assert cues == [
        ("0", "00:00:00.100", "00:00:04.100", "Moment 1, beats 1 to 8"),
        ("1", "00:00:02.100", "00:00:06.100", "Moment 2, beats 5 to 12"),
    ]
    assert [cue.text for cue in library.read(str(written[3])).captions] == [
        "Moment 1, beats 1 to 8", "Moment 2, up to beat 3", "Moment 3"
    ]  # fmt: skip


def test_beats_that_are_not_trusted_are_not_counted(clip: ExportedClip) -> None:
    assert "Eight" not in webvtt(replace(clip, beats=replace(clip.beats, confidence=0.2)))
