"""The sample collection `data/sample`: four short clips of drawn couples, with annotations and truth."""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.clip_writer import write_clip
from bachata_assets.synthetic.scene import Scene, random_scene
from bachata_assets.synthetic.soundtrack import Track, render_track
from bachata_assets.synthetic.truth import save_truths


@dataclass(frozen=True)
class SampleClip:
    """One clip of the collection; these fields define everything in it.

    Attributes
    ----------
    figure : key of `figures.FIGURES`
    seed : seed of everything random in frames and music
    angle : heading of the lead at the start, rad
    tempo : beats per minute
    rhythm : key of `soundtrack.RHYTHMS`
    fps : frames per second
    width, height : size of the frames, px
    seconds : length, s
    """

    clip_id: str
    category: str
    figure: str
    seed: int
    angle: float
    tempo: float
    rhythm: str
    fps: int
    width: int
    height: int
    seconds: float
    difficulty: str
    energy_level: str
    notes: str

    first_beat = 0.3

    @property
    def video_path(self) -> str:
        """Path of the video relative to the collection's folder."""
        return f"videos/{self.category}/{self.clip_id}.mp4"

    def scene(self) -> Scene:
        """Return the couple in its room."""
        camera = Camera(self.width, self.height, distance=4.6, fill=0.74)
        couple = {"tempo": self.tempo, "first_beat": self.first_beat, "angle": self.angle, "x": 0.0}
        return random_scene(self.seed, self.figure, camera, **couple, turn_per_beat=0.0)

    def track(self) -> Track:
        """Return the music."""
        return render_track(self.tempo, self.rhythm, self.seconds, first_beat=self.first_beat, seed=self.seed)

    def annotation(self) -> dict[str, Any]:
        """Return the entry of the annotation file."""
        return {
            "clip_id": self.clip_id,
            "video_path": self.video_path,
            "move_label": self.figure,
            "energy_level": self.energy_level,
            "estimated_tempo": self.tempo,
            "difficulty": self.difficulty,
            "lead_follow_roles": "both",
            "notes": self.notes,
        }


CLIPS = (
    SampleClip(
        "basic_step_1", "basic_steps", "basic_step", seed=12, angle=2.8, tempo=120, rhythm="derecho",
        fps=30, width=640, height=360, seconds=6.0, difficulty="beginner", energy_level="medium",
        notes="Side basic in closed hold, drawn",
    ),
    SampleClip(
        "lady_right_turn_1", "lady_right_turn", "lady_right_turn", seed=53, angle=0.25, tempo=132,
        rhythm="majao", fps=24, width=640, height=360, seconds=5.5, difficulty="beginner", energy_level="high",
        notes="The follow turns to her right under the raised arm, drawn",
    ),
    SampleClip(
        "forward_backward_1", "forward_backward", "forward_backward", seed=31, angle=2.9, tempo=112,
        rhythm="bolero", fps=60, width=480, height=360, seconds=5.0, difficulty="beginner", energy_level="low",
        notes="Forward and backward basic, drawn",
    ),
    SampleClip(
        "cross_body_lead_1", "cross_body_lead", "cross_body_lead", seed=21, angle=0.2, tempo=140,
        rhythm="mambo", fps=25, width=480, height=360, seconds=5.5, difficulty="intermediate",
        energy_level="high", notes="The couple changes places, drawn",
    ),
)  # fmt: skip


def write_sample_collection(folder: Path) -> None:
    """Write the sample collection, with the same files every time.

    Parameters
    ----------
    folder : Path
        Folder for `videos/<category>/<clip_id>.mp4`, `annotations.json` and `truth.npz` (see `truth.load_truths`).
    """
    truths = {}
    for clip in CLIPS:
        path = folder / clip.video_path
        path.parent.mkdir(parents=True, exist_ok=True)
        fps = Fraction(clip.fps)
        truths[clip.clip_id] = write_clip(path, clip.scene(), clip.track(), clip.seconds, fps=fps)
    annotations = {
        "instructions": "Annotations of the rendered sample clips",
        "move_categories": sorted({clip.figure for clip in CLIPS}),
        "clips": [clip.annotation() for clip in CLIPS],
    }
    (folder / "annotations.json").write_text(json.dumps(annotations, indent=2) + "\n", encoding="utf-8")
    save_truths(folder / "truth.npz", truths)
