"""The same clips with other gaps, which tell what is missing from what moves; `retrieval.py` ranks them."""

from dataclasses import replace

import numpy as np

from bachata_assets_tests.support.keypoints_dev import LabelledClip
from benchmarks.support import perturbations


def through_other_gaps(clips: list[LabelledClip]) -> list[LabelledClip]:
    """Return each clip with the gaps of another, drawn by lot, added to its own: what is missing tells no move."""
    others = np.random.default_rng(0).permutation(len(clips))
    return [
        replace(clip, couple=perturbations.through_gaps_of(clip.couple, clips[other].couple))
        for clip, other in zip(clips, others, strict=True)
    ]


def controls(clips: list[LabelledClip]) -> dict[str, list[LabelledClip]]:
    """Return name -> clips with other gaps; prints how many joints are missing in each.

    Through another's gaps, motion is lost and what is missing tells no move. Through the own gaps once more, and
    through those of another clip of the move, motion is lost as well, and what is missing still tells the move.
    """
    made = {
        "the shipped ones, every clip seen through another's gaps": through_other_gaps(clips),
        "… through its own gaps again, half a clip later": [
            replace(clip, couple=perturbations.through_own_gaps_later(clip.couple)) for clip in clips
        ],
        "… through the gaps of another clip of the same move": [
            replace(clip, couple=perturbations.through_gaps_of(clip.couple, other.couple))
            for clip, other in zip(clips, _fellows(clips), strict=True)
        ],
    }
    for name, shown in {"as they are": clips, **made}.items():
        missing = np.mean([perturbations.gaps(clip.couple).mean() for clip in shown])
        print(f"{name}: {100 * missing:.0f} % of the joints are missing")
    return made


def one_motion(clips: list[LabelledClip]) -> list[LabelledClip]:
    """Return the clip that was seen best through the gaps of each: nothing else is left to tell the move by."""
    fullest = min(clips, key=lambda clip: perturbations.gaps(clip.couple).mean())
    return [replace(clip, couple=perturbations.through_gaps_of(fullest.couple, clip.couple)) for clip in clips]


def _fellows(clips: list[LabelledClip]) -> list[LabelledClip]:
    """Return another clip of the same move for each, by lot; the clip itself where it is the only one."""
    random = np.random.default_rng(0)
    labels = np.array([clip.label for clip in clips])
    chosen = []
    for index, clip in enumerate(clips):
        others = np.flatnonzero((labels == clip.label) & (np.arange(len(clips)) != index))
        chosen.append(clips[random.choice(others)] if len(others) else clip)
    return chosen
