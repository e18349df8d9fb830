"""Settings of a collection: where clips and results are, what finds the dancers, limits, and when runs begin."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class CollectionSettings(BaseSettings):
    """Where clips and results are, how clips are worked on, and what is shown of them."""

    environment: Literal["local", "cloud"] = Field(
        "local",
        validation_alias="ENVIRONMENT",
        description="Where secrets come from: the environment and .env, or Google Secret Manager.",
    )
    gcp_project_id: str | None = Field(
        None, validation_alias="GCP_PROJECT_ID", description="Google Cloud project of the secrets (cloud only)."
    )

    data_dir: str = Field("data", description="Where tables, index, report and log go: a path or s3://, gs:// URL.")
    video_dir: Path | str | None = Field(
        None, description="Folder of clips, searched recursively: a path or s3://, gs:// URL."
    )
    annotations: Path | str | None = Field(None, description="JSON file of annotations: a path or s3://, gs:// URL.")

    mmpose_checkpoint_path: Path | None = Field(
        None,
        validation_alias="MMPOSE_CHECKPOINT_PATH",
        description="Folder of model sets and weights; default: the one that comes with the package.",
    )
    model_set: str = Field("bundled", description="Model set of checkpoints/models.toml that finds the dancers.")
    hands: bool = Field(
        False, description="Find 21 keypoints a hand too (official model sets; download-models SET --hands)."
    )
    models_base_url: str | None = Field(
        None, description="A mirror that download-models takes the files from, under their own names."
    )
    precision: Literal["auto", "f32", "bf16", "mixed"] = Field(
        "auto", description="Inference precision; auto: bf16 where the CPU has it; mixed: any CPU works for it."
    )
    threads: int = Field(0, ge=0, le=1024, description="CPU cores for inference; 0 is all that this process may use.")
    streams: int = Field(
        0, ge=0, le=1024, description="Inferences at the same time; 0 is what OpenVINO finds best for the cores."
    )
    workers: Literal["processes", "in_process", "ray"] = Field(
        "processes",
        description="Where files are read: in processes that a bad file cannot take down with them, in this one, or by "
        "the machines of a Ray cluster.",
    )
    ray_address: str | None = Field(
        None,
        description="Ray cluster that this machine has joined, for workers=ray: auto, or host:port of its head; unset: "
        "a Ray of this machine's own, begun and ended with the run.",
    )
    clip_seconds: float = Field(3600.0, gt=0, description="Longest time that one stage of a clip may take, s.")
    worker_memory_gb: float = Field(
        4.0, ge=0, description="Most memory that a worker process may use, 10^9 bytes; 0 is no limit. Held on Linux."
    )
    matroska: bool = Field(False, description="Take .mkv and .webm files for clips, too.")
    cache_gb: float = Field(
        20.0,
        gt=0,
        description="Most that the clips of a bucket take on this machine during a run, 10^9 bytes.",
    )
    signed_link_hours: float = Field(
        0.0, ge=0, le=168, description="How long the report's links to the clips of a bucket hold, h; 0 is no links."
    )
    every_couple: bool | None = Field(
        None, description="Make every couple of a video a clip of its own; unset: as it was done before, else no."
    )
    longest_clip_seconds: float = Field(900.0, gt=0, description="Longest clip, s.")
    largest_picture_megapixels: float = Field(40.0, gt=0, description="Largest picture, 10^6 pixels; 8K has 33.")
    longest_gap_seconds: float = Field(10.0, gt=0, description="Longest time that a clip shows one picture, s.")
    most_frames: int = Field(250_000, ge=1, description="Most pictures in a clip, at its own rate.")
    most_sound_seconds: float = Field(900.0, gt=0, description="Longest clip whose sound is described, s.")
    quality_threshold: float = Field(0.5, ge=0, le=1, description="Clips of lower quality are to be reviewed.")
    nightly_cron: str = Field("0 3 * * *", description="When the schedule process_missing_clips runs.")
    report_url: str | None = Field(
        None, description="Where browsers find the report page; unset: where `serve` shows it."
    )
    report_cron: str = Field("0 6 * * 1", description="When the schedule full_report runs.")
    settle_seconds: int = Field(
        10, ge=0, description="The sensor waits until a file has not changed for so long: it may still be being copied."
    )
    clips_per_run: int = Field(25, ge=1, description="Clips that one Dagster run processes at most.")
