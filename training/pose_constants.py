"""Make the constants that `pose/embeddings` ships, from the keypoints of `../shared/keypoints_dev`.

uv run python -m training.pose_constants
"""

from dataclasses import fields
from importlib import resources
from pathlib import Path

import numpy as np

from bachata_assets.pose.embeddings import measurements
from bachata_assets.pose.embeddings.constants import VERSION, Constants
from bachata_assets.pose.embeddings.fitting import fit_constants
from bachata_assets_tests.support import keypoints_dev
from bachata_assets_tests.support.keypoints_dev import LabelledClip


def constants_of(clips: list[LabelledClip]) -> dict[str, Constants]:
    """Return the constants of `dancer` and `couple` vectors that labelled clips give."""
    labels = [clip.label for clip in clips]
    dancers = [
        np.array([measurements.measure_dancer(clip.couple, role, None) for clip in clips])
        for role in ("lead", "follow")
    ]
    couples = [np.array([measurements.measure_couple(clip.couple, None) for clip in clips])]
    return {
        "dancer": fit_constants(dancers, labels, measurements.weights(measurements.dancer_names())),
        "couple": fit_constants(couples, labels, measurements.weights(measurements.couple_names())),
    }


def main() -> None:
    clips = keypoints_dev.load()
    arrays = {
        f"{kind}_{part.name}": getattr(constants, part.name).astype(np.float32)
        for kind, constants in constants_of(clips).items()
        for part in fields(Constants)
    }
    target = Path(str(resources.files("bachata_assets.pose.embeddings"))) / f"constants-{VERSION}.npz"
    np.savez_compressed(target, **arrays)
    print(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB from {len(clips)} clips")


if __name__ == "__main__":
    main()
