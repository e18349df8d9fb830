"""What holds of any folder of clips: their ids, renames and annotations."""

import json
import os
import tempfile
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bachata_assets.annotation import Annotation
from bachata_assets.collection.annotations.annotation_file import (
    Entry,
    load_annotations,
    match_annotations,
)
from bachata_assets.collection.annotations.file_content import AnnotationError
from bachata_assets.collection.clip_ids import assign_clip_ids, clip_key
from bachata_assets.collection.registry import ClipFile, Difference, compare
from bachata_assets.collection.remarks import told
from bachata_assets.collection.videos.discovery import list_clips
from bachata_assets.video.files import Seen, as_text, on_disk

Folder = dict[PurePosixPath, Seen | None]

TRICKY = "aAé./_- \u0301\u200b\n\x00💃"
"""Letters, what keys must not have, and marks that join the letter before them."""
NAMES = st.text(TRICKY, min_size=1, max_size=8).filter(lambda name: "/" not in name and name not in (".", ".."))
PATHS = st.builds(
    lambda folders, stem, suffix: PurePosixPath(*folders, stem + suffix),
    st.lists(st.sampled_from(["a", "b", "a__b"]), max_size=2),
    st.sampled_from(["a", "b__a", "a__mp4", "a__mp4__2"]) | NAMES,
    st.sampled_from([".mp4", ".MP4", ".mov"]),
)
FOLDERS = st.lists(PATHS, unique=True, max_size=8)
LOOKS = st.builds(Seen, st.integers(1, 2), st.integers(1, 2))
"""Few sizes and times, so that many files look alike."""
FEW = st.sampled_from([PurePosixPath(name) for name in ("a.mp4", "b.mp4", "a/a.mp4", "a/b.mp4", "b/a.mov", "a__b.mp4")])
SEEN = st.dictionaries(FEW, LOOKS | st.none(), max_size=6)


@given(st.text(TRICKY, max_size=300) | st.text(max_size=300))
def test_a_key_is_a_name_that_every_store_takes(name: str) -> None:
    key = clip_key(name)
    assert key
    assert key == key.strip()
    assert unicodedata.is_normalized("NFC", key)
    assert len(key.encode()) <= 200
    assert not any(unicodedata.category(c).startswith("C") for c in key)
    assert "/" not in key
    assert "..." not in key
    assert clip_key(key) == key


@given(FOLDERS)
def test_every_file_has_one_id_of_its_own(found: list[PurePosixPath]) -> None:
    named = assign_clip_ids(found, {})
    assert list(named.values()) == found
    assert all(clip_key(clip_id) == clip_id for clip_id in named)


@given(FOLDERS, FOLDERS)
def test_an_id_stays_whatever_is_added_and_is_never_given_again(
    before: list[PurePosixPath], after: list[PurePosixPath]
) -> None:
    known = {path: clip_id for clip_id, path in assign_clip_ids(before, {}).items()}
    now = {path: clip_id for clip_id, path in assign_clip_ids(after, known).items()}
    assert set(now) == set(after)
    for path, clip_id in now.items():
        assert known.get(path, clip_id) == clip_id
        assert path in known or clip_id not in known.values()


def content_of(path: PurePosixPath, seen: Seen | None) -> str:
    """Stand for the hash of a file: alike files of alike names have one content."""
    return f"{path.stem}-{seen.size if seen else 0}"


def registered(folder: Folder) -> dict[str, ClipFile]:
    """Return what is known of a folder whose files were all read."""
    files = compare(folder, {}).files
    return {
        i: replace(file, content=content_of(file.path, folder[file.path])) if folder[file.path] else file
        for i, file in files.items()
    }


@dataclass(frozen=True)
class Looked:
    """A folder before and after, files of it that may still be being written, and what was made of it."""

    before: Folder
    after: Folder
    moving: set[PurePosixPath]
    known: dict[str, ClipFile]
    found: Difference


def look_twice(before: Folder, after: Folder, moving: set[PurePosixPath], reads: bool) -> Looked:
    known = registered(before)
    read = (lambda path: content_of(path, after[path])) if reads else None
    return Looked(before, after, moving, known, compare(after, known, moving=moving & after.keys(), read=read))


LOOKED = st.builds(look_twice, SEEN, SEEN, st.sets(FEW, max_size=2), st.booleans())


@given(LOOKED)
def test_every_file_of_a_folder_is_named_once_and_nothing_known_is_lost(looked: Looked) -> None:
    found = looked.found
    taken = [file.path for file in found.ready.values()]
    assert sorted(taken) == sorted(looked.after.keys() - found.waiting.keys())
    assert looked.known.keys() <= found.files.keys()
    assert all(clip_id == file.clip_id for clip_id, file in found.files.items())
    assert found.waiting.keys() <= looked.moving


@given(LOOKED)
def test_a_rename_is_of_a_file_that_is_gone_and_each_is_used_once(looked: Looked) -> None:
    known, found = looked.known, looked.found
    for rename in found.renamed:
        assert rename.old == known[rename.clip_id].path
        assert rename.old not in looked.after
        assert rename.new not in looked.before
        assert found.files[rename.clip_id].path == rename.new
        assert found.files[rename.clip_id].content == known[rename.clip_id].content
    for names in zip(*((one.clip_id, one.old, one.new) for one in found.renamed), strict=True):
        assert len(set(names)) == len(names)


@given(LOOKED)
def test_a_file_that_is_gone_stays_as_it_was_known_and_one_that_stayed_keeps_its_id(looked: Looked) -> None:
    renamed = {rename.clip_id for rename in looked.found.renamed}
    for clip_id, file in looked.known.items():
        now = looked.found.files[clip_id]
        if file.path in looked.after:
            assert (now.path, now.present) == (file.path, True)
        elif clip_id not in renamed:
            assert now == replace(file, present=False)


@given(SEEN, SEEN)
def test_a_folder_that_did_not_change_says_the_same_again(before: Folder, after: Folder) -> None:
    found = look_twice(before, after, set(), reads=True).found
    again = compare(after, found.files)
    assert (again.files, again.renamed, again.waiting) == (found.files, (), {})


VIDEOS = Path("/videos")


def matched(entries: list[Entry], clips: dict[str, Path]) -> dict[str, Entry]:
    """Match entries of a file that lies elsewhere; check that each is somewhere."""
    found = match_annotations(entries, clips, annotations_path=Path("/notes/annotations.json"), video_dir=VIDEOS)
    assert found.by_clip.keys() <= clips.keys()
    kept = [*found.by_clip.values(), *found.without_file]
    assert all(any(entry is one for one in entries) for entry in kept)
    assert len({id(entry) for entry in kept}) == len(kept)
    return found.by_clip


PLAIN = st.builds(
    lambda folders, stem: PurePosixPath(*folders, f"{stem}.mp4"),
    st.lists(st.sampled_from("abc"), max_size=3),
    st.sampled_from(["dip", "turn", "turn 2"]),
)


@given(st.lists(PLAIN, unique=True, max_size=6), st.sampled_from(["", "videos/"]), st.randoms())
def test_an_entry_finds_the_clip_of_its_path_in_whatever_order_the_entries_stand(
    found: list[PurePosixPath], prefix: str, random: Random
) -> None:
    clips = {clip_id: VIDEOS / path for clip_id, path in assign_clip_ids(found, {}).items()}
    entries = {
        clip_id: Entry("", f"{prefix}{path.relative_to(VIDEOS)}", Annotation()) for clip_id, path in clips.items()
    }
    shuffled = list(entries.values())
    random.shuffle(shuffled)
    assert matched(shuffled, clips) == entries


@given(
    st.lists(PLAIN, unique=True, max_size=5),
    st.lists(st.tuples(st.sampled_from(["dip", "a__dip", "turn", "none"]), PLAIN.map(str) | st.just("")), max_size=6),
)
def test_an_entry_belongs_to_one_clip_or_to_none_and_the_first_counts(
    found: list[PurePosixPath], said: list[tuple[str, str]]
) -> None:
    clips = {clip_id: VIDEOS / path for clip_id, path in assign_clip_ids(found, {}).items()}
    entries = [Entry(clip_id, path, Annotation(notes=str(number))) for number, (clip_id, path) in enumerate(said)]
    by_clip = matched(entries, clips)
    for clip_id, entry in by_clip.items():
        alone = [one for one in entries if matched([one], clips).keys() == {clip_id}]
        assert alone[0] is entry


HIDDEN = st.sampled_from(["", "a", "b"])
"""Folders that cannot be listed, or none."""


@given(SEEN, SEEN, HIDDEN, st.booleans())
def test_what_may_be_there_unseen_stays_exactly_as_it_was_known(
    before: dict[PurePosixPath, Seen | None], after: dict[PurePosixPath, Seen | None], folder: str, reads: bool
) -> None:
    def hidden(path: PurePosixPath) -> bool:
        return bool(folder) and path.parts[0] == folder

    known = registered(before)
    seen = {path: look for path, look in after.items() if not hidden(path)}
    read = (lambda path: content_of(path, seen[path])) if reads else None
    found = compare(seen, known, hidden=hidden, read=read)
    for clip_id, file in known.items():
        if hidden(file.path):
            assert found.files[clip_id] == file
    assert not any(hidden(rename.old) for rename in found.renamed)


RAW = st.binary(min_size=1, max_size=6).filter(lambda name: not {0, ord("/")} & set(name) and name not in (b".", b".."))


@given(RAW)
def test_any_name_of_a_file_is_text_that_can_be_stored_and_names_in_utf_8_stay_as_they_are(name: bytes) -> None:
    text = as_text(os.fsdecode(name))
    text.encode()
    try:
        assert name.decode() == text
    except UnicodeDecodeError:
        assert "%" in text


@given(st.lists(RAW, unique=True, max_size=5))
def test_every_name_of_a_folder_is_taken_or_left_out_and_what_is_taken_is_found_again(names: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = [b"x" + name + b".mp4" for name in names]
        for name in wanted:
            (Path(folder) / os.fsdecode(name)).write_bytes(name)
        listing = list_clips(Path(folder))
        assert len(listing.files) + len(listing.left_out) == len(wanted)
        for path in listing.files:
            str(path).encode()
            real = on_disk(Path(folder) / path)
            assert as_text(real.name) == path.name
            assert real.read_bytes() == os.fsencode(real.name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["\ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["clip_id", "video_path", *Annotation.model_fields, "move_labell", "tags"]
PATHS_SAID = st.sampled_from(
    ["a.mp4", "../a.mp4", "/", ".", "..", "//", "a/" * 2000, "~/a.mp4", "a.mp4/b", "C:\\a.mp4"]
)
ENTRIES = st.dictionaries(st.sampled_from(FIELDS), JSON | PATHS_SAID, max_size=6) | JSON


def annotated(content: bytes) -> list[Entry]:
    """Read a file of this content and match it; check what holds of any."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "annotations.json"
        path.write_bytes(content)
        os.utime(path, (0, 0))  # it is not still being written
        refused: list[str] = []
        entries = []
        try:
            entries = load_annotations(path)
        except AnnotationError as error:
            refused.append(str(error))
        assert all(line.isprintable() for line in refused)
        clips = {"a": Path(folder) / "a.mp4", "b": Path(folder) / "a" / "b.mp4"}
        matched = match_annotations(entries, clips, annotations_path=path, video_dir=Path(folder))
    problems = [*(one for entry in entries for one in entry.problems), *matched.problems]
    for line in told(problems):
        assert line.isprintable()
        assert len(line) < 5000
    for entry in entries:
        f"{entry.name}{entry.annotation.model_dump_json()}{entry.annotation.data_version}".encode()
        assert 40 <= entry.annotation.estimated_tempo <= 300
    assert sum(len(part) for part in (matched.by_clip, matched.without_file)) <= len(entries)
    return entries


@given(st.lists(ENTRIES, max_size=4), st.booleans())
def test_any_entries_are_read_each_by_itself(said: list[object], in_an_object: bool) -> None:
    entries = annotated(json.dumps({"clips": said} if in_an_object else said).encode())
    assert len(entries) == len(said)
    for number, entry in enumerate(entries, start=1):
        assert entry.place == f"annotations.json, entry {number}"


@given(st.binary(max_size=200))
def test_any_bytes_are_entries_or_one_clear_line(content: bytes) -> None:
    annotated(content)


WHOLE = json.dumps(
    {
        "clips": [
            {"clip_id": "a", "video_path": "a.mp4", "move_label": "café", "estimated_tempo": 120.5, "notes": "a\tb"},
            {"clip_id": "b", "lead": "left", "deep": [[[[{"a": [1, 2, {"b": None}]}]]]], "notes": "\u00e9\ud83d\udc83"},
        ]
    }
).encode()
PIECES = st.sampled_from(
    [b"[" * 3000, b"{", b"}", b"]", b'"', b",", b"\\u0000", b"9" * 5000, b"NaN", b"\xff", b"\x00", b""]
)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 9), PIECES), min_size=1, max_size=4))
def test_a_file_with_anything_put_in_or_taken_out_is_entries_or_one_clear_line(
    changes: list[tuple[int, int, bytes]],
) -> None:
    content = WHOLE
    for place, length, piece in changes:
        content = content[:place] + piece + content[place + length :]
    annotated(content)
