"""Where things lie: the repository, the sample collection, and what is shared beside the repository."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "bachata_assets"
SAMPLE = PROJECT / "data" / "sample"
SAMPLE_CLIPS = {"basic_step_1", "cross_body_lead_1", "forward_backward_1", "lady_right_turn_1"}
SAMPLE_CLIP = SAMPLE / "videos" / "basic_steps" / "basic_step_1.mp4"
SHARED = PROJECT.parent / "shared"
REAL_CLIPS = SHARED / "clips"
"""14 real clips with their annotations; never part of the repository."""
