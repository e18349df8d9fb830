"""Further couples of a video as clips of their own.

The clip of a file is about the couple that is most certainly meant. The number of other couples is known once its
keypoints are made: then each of them becomes a clip, with the same file, its own id and the couple's number.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from bachata_assets.annotation import Annotation
from bachata_assets.collection import layout
from bachata_assets.collection.clip_ids import clip_key
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.registry import ClipFile, Difference
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.pose.couple_keypoints import METADATA_KEY

NUMBER_SAID = "-number-"
"""Prefix of the number of a further couple in the data version of a file."""


def couples_seen(dataset: Dataset, clip_id: str) -> int | None:
    """Return the number of couples in a clip, None if its keypoints are not made or cannot be read."""
    try:
        summary = dataset.metadata_at(layout.table("keypoints", clip_id)).get(METADATA_KEY)
    except (DamagedError, FileNotFoundError):
        return None
    return int(json.loads(summary).get("couples_seen", 1)) if summary else None


def with_further_couples(
    difference: Difference, known: Mapping[str, ClipFile], counted: Callable[[str], int | None]
) -> Difference:
    """Return a difference with the further couples of its files as clips.

    The id of a couple never changes. A couple that is gone is kept as not present.

    Parameters
    ----------
    difference : Difference
        Difference of the files themselves.
    known : mapping
        Clip id -> file, from the registry.
    counted : callable
        Returns the number of couples of a clip; None if unknown, then its known couples stay.
    """
    before: dict[str, dict[int, ClipFile]] = {}
    for file in known.values():
        if file.of:
            before.setdefault(file.of, {})[file.couple] = file
    files = dict(difference.files)
    taken = files.keys() | known.keys()
    for base in difference.files.values():
        own = before.pop(base.clip_id, {})
        count = counted(base.clip_id) if base.present else 1
        count = max(own, default=1) if count is None else count
        for number in sorted({*own, *range(2, count + 1)}):
            clip_id = own[number].clip_id if number in own else _free_id(base.clip_id, number, taken)
            taken |= {clip_id}
            there = base.present and number <= count
            files[clip_id] = replace(base, clip_id=clip_id, of=base.clip_id, couple=number, present=there)
    gone = (file for couples in before.values() for file in couples.values())
    files |= {file.clip_id: replace(file, present=False) for file in gone}
    return replace(difference, files=files)


def annotation_of(own: Annotation, of_file: Annotation) -> Annotation:
    """Return the annotation of a further couple.

    Parameters
    ----------
    own : Annotation
        Annotation of the entry with its clip id; the fallbacks if there is none.
    of_file : Annotation
        Annotation of the file's clip: its tempo is that of the same music, its couple is the first one.
    """
    known = of_file.model_dump(include={"estimated_tempo"}, exclude_unset=True) | own.model_dump(exclude_unset=True)
    return Annotation.model_validate(known).model_copy(update={"couple": of_file.couple})


def _free_id(clip_id: str, number: int, taken: set[str]) -> str:
    name = clip_key(f"{clip_id}__couple_{number}")
    while name in taken:
        name = clip_key(f"{name}_")
    return name
