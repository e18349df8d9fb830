"""Every setting, where it comes from and what it may be.

Precedence: keyword arguments (the CLI's flags) > environment > Google Secret Manager (ENVIRONMENT=cloud) > `.env` >
defaults. Nothing else in the package reads environment variables.
"""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

SECRET_NAMES = {
    "elasticsearch_host": "elasticsearch-host",
    "elasticsearch_port": "elasticsearch-port",
    "elasticsearch_username": "elasticsearch-username",
    "elasticsearch_password": "elasticsearch-password",
    "mmpose_checkpoint_path": "mmpose-checkpoint-path",
}
"""Setting -> its secret in Google Secret Manager, read when ENVIRONMENT=cloud."""


class SettingsError(ValueError):
    """A setting is missing or malformed; the message names it, its value and what is allowed."""


class Settings(BaseSettings):
    """Settings of one process; the environment variable of a field is its name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    environment: Literal["local", "cloud"] = Field(
        "local", description="Where secrets come from: the environment and .env, or Google Secret Manager."
    )
    gcp_project_id: str | None = Field(None, description="Google Cloud project of the secrets (cloud only).")

    data_dir: str = Field("data", description="Where tables, index, report and log go: a path or s3://, gs:// URL.")
    video_dir: Path | None = Field(None, description="Folder of clips, searched recursively.")
    annotations: Path | None = Field(None, description="JSON file of annotations.")

    mmpose_checkpoint_path: Path | None = Field(
        None, description="Folder of model sets and weights; default: the one that comes with the package."
    )
    model_set: str = Field("bundled", description="Model set of checkpoints/models.toml that finds the dancers.")
    precision: Literal["auto", "f32", "bf16"] = Field(
        "auto", description="Inference precision; auto is bf16 where the CPU has it."
    )
    threads: int = Field(0, ge=0, description="CPU cores for inference; 0 is all that this process may use.")
    quality_threshold: float = Field(0.5, ge=0, le=1, description="Clips of lower quality are to be reviewed.")
    clips_per_run: int = Field(25, ge=1, description="Clips that one Dagster run processes at most.")

    elasticsearch_host: str | None = Field(None, description="Elasticsearch host; unset: embedded LanceDB.")
    elasticsearch_port: int = Field(9200, ge=1, le=65535, description="Elasticsearch port.")
    elasticsearch_index: str = Field("bachata_move_embeddings", description="Alias that readers use.")
    elasticsearch_username: str | None = Field(None, description="User name, with the password.")
    elasticsearch_password: SecretStr | None = Field(None, description="Password of the user.")
    elasticsearch_api_key: SecretStr | None = Field(None, description="API key, instead of user and password.")
    elasticsearch_use_ssl: bool = Field(False, description="Connect by https.")
    elasticsearch_verify_certs: bool = Field(True, description="Verify the server's certificate.")
    elasticsearch_ca_certs: Path | None = Field(None, description="CA file that signed the server's certificate.")
    elasticsearch_source_vectors: bool = Field(
        True, description="Keep vectors in the documents' _source (9.2+); off saves disk."
    )

    @model_validator(mode="after")
    def _credentials_agree(self) -> "Settings":
        if (self.elasticsearch_username is None) != (self.elasticsearch_password is None):
            raise ValueError("ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD go together: set both or neither")
        if self.environment == "cloud" and not self.gcp_project_id:
            raise ValueError("ENVIRONMENT=cloud needs GCP_PROJECT_ID, the Google Cloud project of the secrets")
        return self
