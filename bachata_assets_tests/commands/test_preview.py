"""`bachata-assets preview`: a clip as a film."""

import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from dagster import DagsterInstance
from PIL import Image
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.collection import scan
from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.partitions import read_clips, register
from bachata_assets.pose.drawing.people_picture import COLOURS
from bachata_assets.pose.drawing.skeletons import ROLE_COLOURS, bgr
from bachata_assets.settings import load_settings
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.paths import SAMPLE
from bachata_assets_tests.support.synthetic_couple import a_couple
from bachata_assets_tests.support.workplace import Workplace

CLIP = "basic_step_1"


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """A collection of one clip with sound, whose keypoints are made of numbers."""
    place = Workplace(tmp_path / "place")
    shutil.copytree(SAMPLE / "videos" / "basic_steps", place.videos / "basic_steps")
    dataset = Dataset(url=str(place.data))
    dataset.remember(video_dir=str(place.videos))
    settings = load_settings(data_dir=str(place.data))
    with DagsterInstance.ephemeral() as instance:
        register(instance, dataset, scan.scan_clips(settings, dataset))
        [clip] = read_clips(instance, [CLIP], settings, dataset)
    frames = sum(1 for _ in sample_frames(clip.path))
    couple = a_couple(seconds=frames / 15)
    dataset.write_table("keypoints", CLIP, couple.to_table(), {"inputs": {"clip_file": clip.versions["clip_file"]}})
    return place


def preview(place: Workplace, *words: str) -> Result:
    return CliRunner().invoke(app, ["preview", "--data_dir", str(place.data), *words])


def streams(path: Path) -> dict[str, tuple[str, float]]:
    """Return codec and length (s) of each kind of stream."""
    with av.open(str(path)) as film:
        return {s.type: (s.codec_context.name, float((s.duration or 0) * (s.time_base or 0))) for s in film.streams}


def test_the_film_has_the_clips_length_sound_and_skeletons(place: Workplace) -> None:
    result = preview(place, CLIP)
    film = place.data / "previews" / f"{CLIP}.mp4"
    assert (result.exit_code, result.output) == (0, f"Wrote {film}\n")
    source = streams(place.videos / "basic_steps" / f"{CLIP}.mp4")
    made = streams(film)
    assert (made["video"][0], made["audio"][0]) == ("h264", "aac")
    for kind in ("video", "audio"):
        assert made[kind][1] == pytest.approx(source[kind][1], abs=0.1)
    with av.open(str(film)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="bgr24")
    for role in ("lead", "follow"):
        off = np.abs(picture.astype(int) - bgr(ROLE_COLOURS[role])).max(axis=-1)
        assert (off < 60).sum() > 100


def test_the_film_goes_where_it_is_wanted(place: Workplace, tmp_path: Path) -> None:
    assert preview(place, CLIP, "--out", str(tmp_path / "film.mp4")).exit_code == 0
    assert streams(tmp_path / "film.mp4")["video"][0] == "h264"
    assert not (place.data / "previews" / f"{CLIP}.mp4").exists()


def test_everyone_is_shown_with_the_numbers_that_the_annotation_takes(place: Workplace, tmp_path: Path) -> None:
    out = tmp_path / "people.jpg"
    result = preview(place, CLIP, "--people", "--out", str(out))
    assert result.exit_code == 0, result.output
    *people, wrote = result.output.splitlines()
    assert wrote == f"Wrote {out}"
    assert [line[:5] for line in people] == ["  1  ", "  2  "]
    assert all(", the couple; {" in line for line in people)
    picture = np.array(Image.open(out).convert("RGB"))[..., ::-1].astype(int)
    for colour in COLOURS[:2]:
        assert (np.abs(picture - bgr(colour)).max(axis=-1) < 40).sum() > 500
    again = preview(place, CLIP, "--people")
    assert again.output.splitlines()[:-1] == people
    assert (place.data / "previews" / "people" / f"{CLIP}.jpg").read_bytes() == out.read_bytes()


def test_everyone_is_shown_though_the_annotation_names_who_is_not_there(place: Workplace, tmp_path: Path) -> None:
    annotations = tmp_path / "annotations.json"
    annotations.write_text(json.dumps([{"clip_id": CLIP, "couple": [1, 9]}]))
    Dataset(url=str(place.data)).remember(annotations=str(annotations))
    result = preview(place, CLIP, "--people")
    assert result.exit_code == 0, result.output
    assert "Not possible: " in result.output
    assert "there is no number 9, the people of this clip are 1 to 2" in result.output


def test_an_unknown_clip_is_answered_with_one_alike(place: Workplace) -> None:
    result = preview(place, "basic_stp_1")
    assert (result.exit_code, result.stderr) == (
        2, "Error: No clip of this collection is called 'basic_stp_1': did you mean basic_step_1?\n",
    )  # fmt: skip


def test_a_clip_without_keypoints_says_what_to_run(place: Workplace) -> None:
    (place.data / "keypoints" / f"{CLIP}.parquet").unlink()
    result = preview(place, CLIP)
    assert (result.exit_code, result.stderr) == (
        2, f"Error: {CLIP} has no keypoints yet: run `bachata-assets generate`\n",
    )  # fmt: skip


def test_a_clip_whose_file_is_gone_says_so_and_leaves_nothing(place: Workplace, tmp_path: Path) -> None:
    (place.videos / "basic_steps" / f"{CLIP}.mp4").unlink()
    result = preview(place, CLIP, "--out", str(tmp_path / "film.mp4"))
    assert result.exit_code == 2
    assert f"{CLIP}.mp4: no such file" in result.stderr
    assert not list(tmp_path.glob("*film.mp4*"))


def test_a_clip_that_changed_since_is_not_drawn_on(place: Workplace) -> None:
    with (place.videos / "basic_steps" / f"{CLIP}.mp4").open("ab") as file:
        file.write(b"more")
    result = preview(place, CLIP)
    assert result.exit_code == 2
    assert "changed since its keypoints were made" in result.stderr


def test_a_folder_that_is_not_there_is_named(place: Workplace, tmp_path: Path) -> None:
    result = preview(place, CLIP, "--out", str(tmp_path / "nowhere" / "film.mp4"))
    assert (result.exit_code, result.stderr) == (
        2, f"Error: There is no folder {tmp_path / 'nowhere'}: make it, or choose another --out\n",
    )  # fmt: skip


def test_a_preview_never_replaces_a_clip(place: Workplace) -> None:
    clip = place.videos / "basic_steps" / f"{CLIP}.mp4"
    before = clip.read_bytes()
    (place.folder / "link.mp4").symlink_to(clip)
    for out in (clip, place.folder / "link.mp4"):
        result = preview(place, CLIP, "--out", str(out))
        assert result.exit_code == 2
        assert f"{out} is a clip of this collection that a preview must not replace" in result.output
    assert clip.read_bytes() == before


def test_a_clip_in_a_folder_called_like_that_of_previews_is_not_replaced_by_its_preview(place: Workplace) -> None:
    (place.data / "previews").mkdir(exist_ok=True)
    clip = place.data / "previews" / f"{CLIP}.mp4"
    clip.symlink_to(place.videos / "basic_steps" / f"{CLIP}.mp4")
    result = preview(place, CLIP)
    assert result.exit_code == 2
    assert "is a clip of this collection" in result.output
