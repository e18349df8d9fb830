"""Tempo and beats on rendered tracks of known tempo; what the audio vector costs is in `cost.py`.

`uv run python -m benchmarks.retrieval.audio` prints, for each rhythm and loudness of noise, the tracks whose tempo is
within 2 %, the largest tempo error and mir_eval's beat F-measure (70 ms); then the tracks whose tempo is further off.
"""

from itertools import product

import mir_eval
import numpy as np

from bachata_assets.music.beats import find_beats
from bachata_assets.music.sound import RATE, Sound
from bachata_assets.synthetic.soundtrack import RHYTHMS, render_track

TEMPI = range(80, 181, 10)
NOISES_DB = (None, -10.0, 0.0)
SECONDS = 15.0


def tempo_and_beats(rhythm: str, noise_db: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return relative tempo error, beat F-measure and confidence of each tempo, (11,) each."""
    errors, scores, confidences = [], [], []
    for tempo in TEMPI:
        track = render_track(tempo, rhythm, SECONDS, first_beat=0.37, seed=tempo, noise_db=noise_db, rate=RATE)
        beats = find_beats(Sound(track.samples))
        errors.append((beats.tempo or 0) / tempo - 1)
        scores.append(mir_eval.beat.f_measure(track.beats, beats.times))
        confidences.append(beats.confidence)
    return np.array(errors), np.array(scores), np.array(confidences)


def main() -> None:
    print("| rhythm | noise dB | tempo within 2 % | largest error | F mean | F least | confidence |")
    print("|---|---|---|---|---|---|---|")
    wrong = []
    for noise, rhythm in product(NOISES_DB, RHYTHMS):
        errors, scores, confidences = tempo_and_beats(rhythm, noise)
        right = int((np.abs(errors) <= 0.02).sum())
        wrong += [
            f"{rhythm} at {tempo}, noise {noise} dB: heard as {tempo * (1 + error):.1f}"
            for tempo, error in zip(TEMPI, errors, strict=True)
            if abs(error) > 0.02
        ]
        worst = 100 * errors[np.abs(errors).argmax()]
        print(
            f"| {rhythm} | {'none' if noise is None else f'{noise:.0f}'} | {right} of {len(errors)} | {worst:+.1f} % "
            f"| {scores.mean():.3f} | {scores.min():.3f} | {confidences.mean():.2f} |"
        )
    print("\n".join(["", *wrong]))


if __name__ == "__main__":
    main()
