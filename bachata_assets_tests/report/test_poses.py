"""Poses and beats as they are packed for the page."""

import base64
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from bachata_assets.annotation import Annotation
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.music.beats import Beats
from bachata_assets.pipeline.stages import vector_stages
from bachata_assets.report.poses import ClipFigures, packed_poses, poses_page, write_poses
from bachata_assets_tests.support.synthetic_couple import a_couple

BEATS = Beats(np.arange(0.25, 4, 0.5), 120.04, 0.9, 4.0)


def numbers_of(page: str) -> dict[str, object]:
    found = re.search(r'id="poses">(.*?)</script>', page)
    assert found
    return dict(json.loads(found[1]))


def test_a_file_holds_the_poses_to_a_254th_of_the_picture() -> None:
    couple = a_couple(4.0)
    numbers = numbers_of(poses_page(couple, BEATS))
    deflated = zlib.decompress(base64.b64decode(str(numbers["packed"])))
    places = np.frombuffer(deflated, np.uint8).reshape(-1, 2, 17, 2).cumsum(axis=0, dtype=np.uint8)
    expected = couple.keypoints[::2, ..., :2] / [couple.width, couple.height] * 254
    assert np.abs(places - expected).max() <= 0.5
    assert (numbers["rate"], numbers["start"], numbers["frames"]) == (7.5, 0.0, 30)
    assert numbers["beats"] == BEATS.times.tolist()


def test_joints_that_are_not_seen_are_marked_and_untrusted_beats_left_out() -> None:
    couple = a_couple(2.0)
    valid, keypoints = couple.valid.copy(), couple.keypoints.copy()
    valid[4, 1] = False
    keypoints[6, 0, 9, 2] = 0.1
    packed = packed_poses(replace(couple, valid=valid, keypoints=keypoints))
    assert (packed[2, 1] == 255).all()
    assert (packed[3, 0, 9] == 255).all()
    assert (packed == 255).all(axis=-1).sum() == 17 + 1
    assert numbers_of(poses_page(couple, replace(BEATS, confidence=0.2)))["beats"] == []


def test_files_are_written_once_a_version_and_their_figures_kept(tmp_path: Path) -> None:
    dataset = Dataset(str(tmp_path))
    dataset.write_table("keypoints", "a", a_couple(2.0).to_table(), {})
    dataset.write_table("beats", "a", BEATS.to_table(), {})
    stages = vector_stages("models")
    clips = [
        Clip(name, Path(name), name, Annotation(), {"clip_file": "1", "annotation": "1"}) for name in ("a", "lost")
    ]
    figures = write_poses(dataset, clips, stages)
    assert list(figures) == ["a"]  # of the other there are no tables
    assert figures["a"] == ClipFigures(figures["a"].version, 0.9, "left", (), 120.0, True)
    page = tmp_path / "poses" / "a.html"
    page.write_text("as it was")
    assert write_poses(dataset, clips, stages) == figures
    assert page.read_text() == "as it was"
    changed = [replace(clips[0], versions={"clip_file": "2", "annotation": "1"})]
    assert write_poses(dataset, changed, stages)["a"].version != figures["a"].version
    assert page.read_text() != "as it was"
    page.unlink()
    (tmp_path / "poses" / "poses.json").write_text("{")
    write_poses(dataset, changed, stages)
    assert page.is_file()
