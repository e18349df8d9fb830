"""Tempo and beats beside librosa's, on rendered tracks of known tempo and on real clips.

    uv run python -m benchmarks.retrieval.audio [--clips FOLDER ...]

Of rendered tracks it prints, for each rhythm and loudness of noise, the tracks whose tempo is within 2 %, the largest
tempo error and mir_eval's beat F-measure (70 ms), and the same of `librosa.beat.beat_track` with its defaults; then the
tracks whose tempo is further off. Nobody knows the tempi of real clips: of them it prints how often both hear the same.
What the audio vector costs is in `cost.py`.
"""

import argparse
from itertools import product
from pathlib import Path

import mir_eval
import numpy as np

from bachata_assets.families import Absent
from bachata_assets.music.beats import find_beats
from bachata_assets.music.sound import RATE, Sound, load_sound
from bachata_assets.synthetic.soundtrack import RHYTHMS, render_track

TEMPI = range(80, 181, 10)
NOISES_DB = (None, -10.0, 0.0)
SECONDS = 15.0
CLIPS = (Path("../shared/clips"), Path("../shared/clips_labelled"))
NEAR = 0.02
"""Relative difference up to which two tempi are the same."""
NEAR_LIBROSAS = 0.03
"""The same for librosa's tempi of real clips: its lags are whole frames, which are 4 to 6 % apart here."""


def by_librosa(samples: np.ndarray) -> tuple[float, np.ndarray]:
    """Return librosa's tempo, beats per minute, and its beat times, s."""
    import librosa

    tempo, times = librosa.beat.beat_track(y=samples, sr=RATE, units="time")
    return float(np.atleast_1d(tempo)[0]), times


def tempo_and_beats(rhythm: str, noise_db: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return relative tempo error and beat F-measure, ours and librosa's, of each tempo: (11,) each."""
    rows = []
    for tempo in TEMPI:
        track = render_track(tempo, rhythm, SECONDS, first_beat=0.37, seed=tempo, noise_db=noise_db, rate=RATE)
        beats = find_beats(Sound(track.samples))
        theirs, times = by_librosa(track.samples)
        scores = (mir_eval.beat.f_measure(track.beats, found) for found in (beats.times, times))
        rows.append([(beats.tempo or 0) / tempo - 1, *scores, theirs / tempo - 1])
    errors, ours, librosas, their_errors = np.array(rows).T
    return errors, ours, their_errors, librosas


def print_rendered() -> None:
    """Print the table of rendered tracks."""
    print("| rhythm | noise dB | tempo within 2 % | largest error | F mean | F least | librosa: within 2 % | F mean |")
    print("|---|---|---|---|---|---|---|---|")
    wrong = []
    for noise, rhythm in product(NOISES_DB, RHYTHMS):
        errors, scores, their_errors, their_scores = tempo_and_beats(rhythm, noise)
        right, theirs = (int((np.abs(found) <= NEAR).sum()) for found in (errors, their_errors))
        wrong += [
            f"{rhythm} at {tempo}, noise {noise} dB: heard as {tempo * (1 + error):.1f}"
            for tempo, error in zip(TEMPI, errors, strict=True)
            if abs(error) > NEAR
        ]
        worst = 100 * errors[np.abs(errors).argmax()]
        print(
            f"| {rhythm} | {'none' if noise is None else f'{noise:.0f}'} | {right} of {len(errors)} | {worst:+.1f} % "
            f"| {scores.mean():.3f} | {scores.min():.3f} | {theirs} of {len(errors)} | {their_scores.mean():.3f} |"
        )
    print("\n".join(["", *wrong]))


def print_real(folder: Path) -> None:
    """Print how often both hear the same tempo in the clips of a folder."""
    ratios, apart = [], []
    for path in sorted(folder.rglob("*.mp4")):
        sound = load_sound(path)
        if isinstance(sound, Absent):
            continue
        ours, (theirs, times) = find_beats(sound), by_librosa(sound.samples)
        if ours.tempo and theirs:
            ratios.append(ours.tempo / theirs)
            apart.append(mir_eval.beat.f_measure(np.asarray(times), np.asarray(ours.times)))
    found = np.array(ratios)
    counted = ", ".join(
        f"{int((np.abs(found / times - 1) <= NEAR_LIBROSAS).sum())} {name}"
        for times, name in ((1, "the same"), (2, "twice librosa's"), (0.5, "half of librosa's"))
    )
    print(f"{folder.name}: {len(found)} clips with music: {counted}; F-measure of the beats {np.mean(apart):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, nargs="*", default=CLIPS, metavar="FOLDER", help="of real clips")
    arguments = parser.parse_args()
    print_rendered()
    for folder in arguments.clips:
        print_real(folder)


if __name__ == "__main__":
    main()
