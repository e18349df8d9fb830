"""What all five families of a 15 s clip cost, given its keypoints and its decoded sound.

    uv run python -m benchmarks.platform.cost

Prints the first clip of this process (libraries and the language model are loaded then) and the median of five more,
as CPU time of all cores and as wall time.
"""

import time
from collections.abc import Callable

import numpy as np

from bachata_assets.music.beats import Beats, find_beats
from bachata_assets.music.embedding import audio_embedding
from bachata_assets.music.sound import RATE, Sound
from bachata_assets.pipeline.tools import TextModelProvider
from bachata_assets.pose.embeddings import dancer_embedding, interaction_embedding
from bachata_assets.synthetic.scene import random_scene
from bachata_assets.synthetic.soundtrack import render_track
from benchmarks.support.rendered_motion import rendered_couple

SECONDS, RUNS = 15.0, 5
SENTENCE = "Dance move: lady left turn, intermediate difficulty, low energy, at 125 beats per minute."


def steps(seed: int) -> dict[str, Callable[[], object]]:
    """Return the steps of one clip, in order; the later ones use the beats that the first one hears."""
    couple = rendered_couple(random_scene(seed, "lady_left_turn"), SECONDS)
    sound = Sound(render_track(120 + seed, "derecho", SECONDS, noise_db=-10.0, rate=RATE).samples)
    heard: list[Beats] = []
    return {
        "beats": lambda: heard.append(find_beats(sound)),
        "audio": lambda: audio_embedding(sound, heard[-1]),
        "lead": lambda: dancer_embedding(couple, "lead", heard[-1]),
        "follow": lambda: dancer_embedding(couple, "follow", heard[-1]),
        "interaction": lambda: interaction_embedding(couple, heard[-1]),
        "text": lambda: TextModelProvider().encoder().encode([SENTENCE]),
    }


def costs(seed: int) -> np.ndarray:
    """Return CPU and wall seconds (2, steps) of one clip."""
    measured = []
    for step in steps(seed).values():
        cpu, wall = time.process_time(), time.perf_counter()
        step()
        measured.append((time.process_time() - cpu, time.perf_counter() - wall))
    return np.array(measured).T


def main() -> None:
    first = costs(0)
    warm = np.array([costs(seed) for seed in range(1, RUNS + 1)])
    middle = np.median(warm, axis=0)
    total = np.median(warm.sum(axis=2), axis=0)
    print("| family | warm, CPU s | warm, wall s | first of the process, CPU s | wall s |\n|---|---|---|---|---|")
    for index, name in enumerate(steps(0)):
        cells = [*middle[:, index], *first[:, index]]
        print(f"| {name} | {' | '.join(f'{seconds:.3f}' for seconds in cells)} |")
    print(f"| all | {' | '.join(f'{seconds:.3f}' for seconds in [*total, *first.sum(axis=1)])} |")


if __name__ == "__main__":
    main()
