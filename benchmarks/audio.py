"""Tempo and beats on rendered tracks of known tempo, and what the audio costs.

`uv run python benchmarks/audio.py` prints, for each rhythm and loudness of noise, the tracks whose tempo is within
2 %, the largest tempo error and mir_eval's beat F-measure (70 ms).
"""

import time
from itertools import product

import mir_eval
import numpy as np

from bachata_assets.music.beats import find_beats
from bachata_assets.music.embedding import audio_embedding
from bachata_assets.music.sound import RATE, Sound
from bachata_assets.video.render.soundtrack import RHYTHMS, render_track

TEMPI = range(80, 181, 10)
NOISES_DB = (None, -10.0, 0.0)
SECONDS = 15.0


def tempo_and_beats(rhythm: str, noise_db: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    errors, scores, confidences = [], [], []
    for tempo in TEMPI:
        track = render_track(tempo, rhythm, SECONDS, first_beat=0.37, seed=tempo, noise_db=noise_db, rate=RATE)
        beats = find_beats(Sound(track.samples))
        errors.append((beats.tempo or 0) / tempo - 1)
        scores.append(mir_eval.beat.f_measure(track.beats, beats.times))
        confidences.append(beats.confidence)
    return np.array(errors), np.array(scores), np.array(confidences)


def cost() -> None:
    sound = Sound(render_track(125, "derecho", SECONDS, noise_db=-10.0, rate=RATE).samples)
    steps = {"beats": lambda: find_beats(sound), "audio embedding": lambda: audio_embedding(sound, beats)}
    beats = find_beats(sound)
    audio_embedding(sound, beats)
    print(f"\n| step, {SECONDS:.0f} s of sound, warm | CPU s |\n|---|---|")
    for name, step in steps.items():
        start = time.process_time()
        for _ in range(5):
            step()
        print(f"| {name} | {(time.process_time() - start) / 5:.3f} |")


def main() -> None:
    print("| rhythm | noise dB | tempo within 2 % | largest error | F mean | F least | confidence |")
    print("|---|---|---|---|---|---|---|")
    for noise, rhythm in product(NOISES_DB, RHYTHMS):
        errors, scores, confidences = tempo_and_beats(rhythm, noise)
        right = int((np.abs(errors) <= 0.02).sum())
        worst = 100 * errors[np.abs(errors).argmax()]
        print(
            f"| {rhythm} | {'none' if noise is None else f'{noise:.0f}'} | {right} of {len(errors)} | {worst:+.1f} % "
            f"| {scores.mean():.3f} | {scores.min():.3f} | {confidences.mean():.2f} |"
        )
    cost()


if __name__ == "__main__":
    main()
