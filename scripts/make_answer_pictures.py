"""Make the pictures of docs/finding.md, of the clips beside the repository: `python -m scripts.make_answer_pictures`.

They show skeletons alone: pictures of people do not belong into a repository. The keypoints and beats are those that
`make fit` found; everything else is made of them here, in an index that is not kept.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bachata_assets.annotation import Annotation
from bachata_assets.clip_record import ClipRecord
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.families import Absent
from bachata_assets.music.beats import Beats
from bachata_assets.pipeline.stage import Tables
from bachata_assets.pipeline.stages.moments import make_moments
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.drawing.skeletons import draw_couple
from bachata_assets.pose.embeddings import dancer_embedding, interaction_embedding
from bachata_assets.pose.transitions import transition_of
from bachata_assets.search import SearchConfig, SearchIndex
from bachata_assets.search.moments.record import moment_records
from training.footage import SEEN

TILE = (150, 170)
"""Width and height of a drawn instant, px."""
LABEL = 20
"""Height of the line above a row, px."""
INSTANTS = 5
EDGE_S = 1.2
"""Part of a clip's end, or beginning, that is drawn of a continuation, s."""
COUPLE = 0.85
"""Height of the couple in a tile, in the tile's."""
BACKGROUND = (248, 248, 248)


@dataclass(frozen=True)
class Row:
    """One row of a picture: a clip or a part of it, with what is said of it."""

    couple: CoupleKeypoints
    start: float
    end: float
    words: str


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"), help="folder of the pictures")
    parser.add_argument("--clip", default="double_spin", help="clip that is asked about as a whole")
    parser.add_argument(
        "--part", nargs=3, default=("madrid", "4", "8"), help="clip, and where its part begins and ends"
    )
    parser.add_argument("--before", default="ladyturn_left", help="clip that is to be continued")
    asked = parser.parse_args()
    couples = {name: couple for folder in ("clips_labelled", "clips") for name, couple, _ in _clips(folder)}
    with tempfile.TemporaryDirectory() as folder, SearchIndex(SearchConfig(data_dir=folder), "pictures") as index:
        for name in ("clips_labelled", "clips"):
            for clip_id, couple, beats in _clips(name):
                _put(index, clip_id, couple, beats)
        index.promote()
        pictures = {
            "answers_clips": _alike(index, couples, asked.clip),
            "answers_moments": _moments(index, couples, asked.part[0], *map(float, asked.part[1:])),
            "answers_next": _next(index, couples, asked.before),
        }
    for name, rows in pictures.items():
        _picture(rows).save(asked.out / f"{name}.webp", lossless=True, quality=100, method=6)


def _clips(folder: str) -> Iterator[tuple[str, CoupleKeypoints, Beats]]:
    dataset = Dataset(url=str(SEEN / folder))
    for clip_id in sorted(dataset.clip_ids("keypoints")):
        couple = CoupleKeypoints.from_table(dataset.read_table("keypoints", clip_id))
        yield clip_id, couple, Beats.from_table(dataset.read_table("beats", clip_id))


def _put(index: SearchIndex, clip_id: str, couple: CoupleKeypoints, beats: Beats) -> None:
    """Index a clip with its movement and its moments."""
    transition = transition_of(couple, beats)
    edges: dict[str, Any] = {}
    vectors: dict[str, Any] = {"text_embedding": None, "audio_embedding": None}
    for side in ("beginning", "ending"):
        edge = getattr(transition, side)
        absent = isinstance(edge, Absent)
        edges[side] = {"absent_reason": edge.reason} if absent else {"absent_reason": None} | edge.facts.to_dict()
        vectors[side] = None if absent else edge.vector
    for family in ("lead", "follow", "interaction"):
        of_both = family == "interaction"
        made = interaction_embedding(couple, beats) if of_both else dancer_embedding(couple, family, beats)
        vectors[f"{family}_embedding"] = None if isinstance(made, Absent) else made
    clip = Clip(clip_id, Path(clip_id), clip_id, Annotation(), {})
    record = ClipRecord(
        clip_id=clip_id,
        video_path=clip_id,
        **vectors,
        **{name: getattr(clip.annotation, name) for name in ("move_label", "difficulty", "energy_level")},
        lead_follow_roles="both",
        estimated_tempo=clip.annotation.estimated_tempo,
        edges=json.dumps(edges),
        quality_score=couple.quality_score,
        detection_rate=couple.detection_rate,
        frame_count=couple.frame_count,
        processing_time=0.0,
        version="",
        created_at=datetime.now(UTC),
    )
    tables = Tables({"keypoints": couple.to_table(), "beats": beats.to_table()})
    index.put([record])
    index.moments.put(moment_records(record, make_moments(clip, tables, None).table))  # type: ignore[arg-type]


def _whole(couple: CoupleKeypoints, words: str) -> Row:
    return Row(couple, float(couple.times[0]), float(couple.times[-1]), words)


def _alike(index: SearchIndex, couples: dict[str, CoupleKeypoints], asked: str) -> list[Row]:
    found = index.find_similar(asked, by="move", size=4)
    answers = [_whole(couples[one.clip_id], f"{one.clip_id}   score {one.score:.2f}") for one in found]
    return [_whole(couples[asked], f"asked: {asked}"), *answers]


def _moments(
    index: SearchIndex, couples: dict[str, CoupleKeypoints], asked: str, start: float, end: float
) -> list[Row]:
    found = index.find_moments(asked, start=start, end=end, size=4, per_clip=1)
    return [
        Row(couples[asked], start, end, f"asked: {asked}, {start:g} to {end:g} s"),
        *(
            Row(
                couples[one.clip_id],
                one.start_s,
                one.end_s,
                f"{one.clip_id}, {one.start_s:.1f} to {one.end_s:.1f} s   score {one.score:.2f}",
            )
            for one in found
        ),
    ]


def _next(index: SearchIndex, couples: dict[str, CoupleKeypoints], asked: str) -> list[Row]:
    before = couples[asked]
    last = float(before.times[-1])
    rows = [Row(before, last - EDGE_S, last, f"how {asked} ends")]
    for one in index.find_next(asked, size=4):
        couple = couples[one.clip_id]
        first = float(couple.times[0])
        jumps = ", ".join(jump.name for jump in one.jumps) or "nothing"
        words = f"how {one.clip_id} begins   score {one.score:.2f}   jumps: {jumps}"
        rows.append(Row(couple, first, first + EDGE_S, words))
    return rows


def _picture(rows: Sequence[Row]) -> Image.Image:
    """Return a row of instants for each clip, the question's first."""
    width, height = TILE
    picture = Image.new("RGB", (INSTANTS * width, len(rows) * (height + LABEL)), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    for number, row in enumerate(rows):
        top = number * (height + LABEL)
        draw.text((6, top + 3), row.words, fill=(0, 0, 0), font=ImageFont.load_default(13))
        for place, at in enumerate(np.linspace(row.start, row.end, INSTANTS)):
            picture.paste(_tile(row.couple, at), (place * width, top + LABEL))
            words = f"{at:.1f} s"
            draw.text(
                (place * width + 6, top + LABEL + 4), words, fill=(120, 120, 120), font=ImageFont.load_default(10)
            )
        if number == 0:
            line = height + LABEL - 1
            draw.line([(0, line), (picture.width, line)], fill=(150, 150, 150))
    return picture


def _tile(couple: CoupleKeypoints, at: float) -> Image.Image:
    """Return both skeletons at a time, or at the nearest at which both are seen."""
    both = np.flatnonzero(couple.valid.all(axis=1))
    frame = int(both[np.abs(couple.times[both] - at).argmin()])
    boxes = couple.boxes[both]
    tall = np.quantile(boxes[..., 3].max(axis=1) - boxes[..., 1].min(axis=1), 0.95)
    scale = COUPLE * TILE[1] / tall
    low, high = couple.boxes[frame, :, :2].min(axis=0), couple.boxes[frame, :, 2:].max(axis=0)
    origin = (low + high) / 2 - np.array(TILE) / 2 / scale
    tile = np.full((TILE[1], TILE[0], 3), BACKGROUND, np.uint8)
    draw_couple(tile, couple, frame, scale, (float(origin[0]), float(origin[1])))
    return Image.fromarray(tile[..., ::-1])


if __name__ == "__main__":
    main()
