"""Rendered clips in a bucket that the environment names: of no two the same."""

import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import fsspec

from bachata_assets.synthetic.clip_writer import write_clip
from bachata_assets.synthetic.figures import FIGURES
from bachata_assets.synthetic.sample import CLIPS


def render(number: int, folder: Path) -> None:
    """Write a clip of which no other number has the like."""
    base = CLIPS[number % len(CLIPS)]
    figure = sorted(FIGURES)[number // len(CLIPS) % len(FIGURES)]
    clip = replace(base, figure=figure, seed=1000 + number, tempo=118 + number % 25)
    write_clip(folder / f"clip_{number:04}.mp4", clip.scene(), clip.track(), clip.seconds, fps=Fraction(clip.fps))


def fill_bucket(clips: int, first: int = 0) -> None:
    """Put rendered clips into the bucket, which is made with the first."""
    files = fsspec.filesystem("s3")
    if not first:
        files.mkdir("dances")
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor() as pool:
        list(pool.map(render, range(first, first + clips), [Path(folder)] * clips))
        files.put(f"{folder}/*.mp4", "dances/videos/")
