"""Settings of a collection: places of clips and results, models, limits, and times of runs."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class CollectionSettings(BaseSettings):
    """Where clips and results are, how clips are processed, and what is shown of them."""

    environment: Literal["local", "cloud"] = Field(
        "local",
        validation_alias="ENVIRONMENT",
        description="Where secrets come from: the environment and .env, or Google Secret Manager.",
    )
    gcp_project_id: str | None = Field(
        None, validation_alias="GCP_PROJECT_ID", description="Google Cloud project of the secrets (cloud only)."
    )

    data_dir: str = Field(
        "data", description="Where tables, index, report and log are written: a path or s3://, gs:// URL."
    )
    video_dir: Path | str | None = Field(
        None, description="Folder of clips, searched recursively: a path or s3://, gs:// URL."
    )
    annotations: Path | str | None = Field(None, description="JSON file of annotations: a path or s3://, gs:// URL.")

    mmpose_checkpoint_path: Path | None = Field(
        None,
        validation_alias="MMPOSE_CHECKPOINT_PATH",
        description="Folder of model sets and weights; unset: the one that comes with the package.",
    )
    model_set: str = Field("bundled", description="Model set of checkpoints/models.toml that finds the dancers.")
    hands: bool = Field(
        False, description="Find 21 keypoints per hand, too (official model sets; download-models SET --hands)."
    )
    models_base_url: str | None = Field(
        None, description="Mirror from which download-models gets the files, under their original names."
    )
    precision: Literal["auto", "f32", "bf16", "mixed"] = Field(
        "auto",
        description="Inference precision; auto: bf16 where the CPU has it; mixed: as auto, and any CPU may add clips.",
    )
    threads: int = Field(0, ge=0, le=1024, description="CPU cores for inference; 0: all that this process may use.")
    streams: int = Field(
        0, ge=0, le=1024, description="Inferences at the same time; 0: what OpenVINO finds best for the cores."
    )
    workers: Literal["processes", "in_process", "ray"] = Field(
        "processes",
        description="Where files are read. processes: in worker processes, where a bad file fails only its clip; "
        "in_process: in this process; ray: by the machines of a Ray cluster.",
    )
    ray_address: str | None = Field(
        None,
        description="With workers=ray, the Ray cluster that this machine has joined: auto, or host:port of its head. "
        "Unset: Ray on this machine alone, started and stopped with the run.",
    )
    clip_seconds: float = Field(3600.0, gt=0, description="Time limit for one stage of a clip, s.")
    worker_memory_gb: float = Field(
        4.0, ge=0, description="Memory limit of a worker process, 10^9 bytes; 0: no limit. Enforced on Linux only."
    )
    matroska: bool = Field(False, description="Accept .mkv and .webm files as clips, too.")
    cache_gb: float = Field(
        20.0,
        gt=0,
        description="Disk space for clips that a run fetches from a bucket, 10^9 bytes.",
    )
    signed_link_hours: float = Field(
        0.0, ge=0, le=168, description="How long the report's links to clips in a bucket are valid, h; 0: no links."
    )
    every_couple: bool | None = Field(
        None, description="Make a clip of every couple in a video; unset: as in earlier runs, else false."
    )
    longest_clip_seconds: float = Field(900.0, gt=0, description="Longest clip that is accepted, s.")
    largest_picture_megapixels: float = Field(
        40.0, gt=0, description="Largest picture that is accepted, 10^6 pixels; 8K has 33."
    )
    longest_gap_seconds: float = Field(10.0, gt=0, description="Longest time that a clip may show one picture, s.")
    most_frames: int = Field(250_000, ge=1, description="Most pictures in a clip, at its own frame rate.")
    most_sound_seconds: float = Field(900.0, gt=0, description="Longest clip whose sound is analysed, s.")
    quality_threshold: float = Field(
        0.5, ge=0, le=1, description="Clips with a lower quality score should be reviewed."
    )
    nightly_cron: str = Field("0 3 * * *", description="Cron time of the schedule process_missing_clips.")
    report_url: str | None = Field(
        None, description="URL of the report page for browsers; unset: the address of `serve`."
    )
    report_cron: str = Field("0 6 * * 1", description="Cron time of the schedule full_report.")
    settle_seconds: int = Field(
        10, ge=0, description="How long a file must be unchanged before the sensor takes it; it may be copied still."
    )
    clips_per_run: int = Field(25, ge=1, description="Most clips that one Dagster run processes.")
