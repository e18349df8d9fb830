"""All settings, their sources and their allowed values.

Precedence: keyword arguments (the CLI's flags) > environment > Google Secret Manager (ENVIRONMENT=cloud) > `.env` >
defaults. Apart from this module, only `commands/generate.py` reads the environment, for Dagster's DAGSTER_HOME.
"""

import difflib
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

from dotenv import dotenv_values
from pydantic import ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from bachata_assets.secret_manager import SecretError, read_secrets
from bachata_assets.settings import values
from bachata_assets.settings.collection import CollectionSettings
from bachata_assets.settings.problems import PLAIN_HTTP, SHARED_LANCEDB, UNUSED, problem_of
from bachata_assets.settings.questions import QuestionSettings
from bachata_assets.settings.servers import ElasticsearchSettings, PostgresSettings

logger = logging.getLogger(__name__)

PREFIX = "BACHATA_"
ENV_FILE = ".env"
ENV_ENCODING = "utf-8-sig"
"""UTF-8, with or without the byte order mark that Windows editors write."""
SECRET_NAMES = {
    "elasticsearch_host": "elasticsearch-host",
    "elasticsearch_port": "elasticsearch-port",
    "elasticsearch_username": "elasticsearch-username",
    "elasticsearch_password": "elasticsearch-password",
    "mmpose_checkpoint_path": "mmpose-checkpoint-path",
}
"""Setting -> its secret in Google Secret Manager, read when ENVIRONMENT=cloud."""

CREDENTIALS = ("elasticsearch_username", "elasticsearch_password")
"""Settings that an API key replaces; with one, their secrets may be missing."""


class SettingsError(ValueError):
    """A setting is missing or malformed; the message gives its name, its value and the allowed values."""


class Settings(PostgresSettings, ElasticsearchSettings, QuestionSettings, CollectionSettings):
    """Settings of one process.

    The specification names some environment variables (ENVIRONMENT, ELASTICSEARCH_HOST, …). All others begin with
    BACHATA_ (BACHATA_DATA_DIR, …).
    """

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding=ENV_ENCODING,
        env_prefix=PREFIX,
        env_ignore_empty=True,
        allow_inf_nan=False,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    @property
    def elasticsearch_by_https(self) -> bool:
        """Whether to use https for Elasticsearch: as set, else only in the cloud, where the credentials are secrets."""
        return self.environment == "cloud" if self.elasticsearch_use_ssl is None else self.elasticsearch_use_ssl

    @property
    def shares_lancedb(self) -> bool:
        """Whether several machines may write to the data dir's LanceDB, which supports only one writer."""
        return "://" in self.data_dir and self.postgres_url is not None and self.elasticsearch_host is None

    @property
    def report_address(self) -> str:
        """URL of the report page for browsers: as set, else the address of `serve` on this machine."""
        return self.report_url or f"http://{'[::1]' if self.serve_host == '::1' else '127.0.0.1'}:{self.serve_port}/"

    _text = field_validator("*", mode="before")(values.one_line_of_text)
    _path = field_validator("data_dir", "mmpose_checkpoint_path")(values.with_home)
    _place = field_validator("video_dir", "annotations")(values.path_or_object)
    _local = field_validator(*values.LOCAL, mode="before")(values.no_url)
    _store = field_validator("data_dir")(values.folder_or_bucket)
    _host = field_validator("elasticsearch_host")(values.host)
    _listening = field_validator("serve_host")(values.address)
    _user = field_validator("elasticsearch_username")(values.user)
    _index = field_validator("elasticsearch_index")(values.index_name)
    _workers = field_validator("workers")(values.installed)
    _cluster = field_validator("ray_address")(values.cluster)
    _weights = field_validator(*values.WEIGHTS)(values.weights)
    _mirror = field_validator("models_base_url", "report_url")(values.mirror)

    @model_validator(mode="after")
    def _credentials_agree(self) -> "Settings":
        if (self.elasticsearch_username is None) != (self.elasticsearch_password is None):
            raise ValueError("ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD go together: set both or neither")
        if self.environment == "cloud" and not self.gcp_project_id:
            raise ValueError("ENVIRONMENT=cloud needs GCP_PROJECT_ID, the Google Cloud project of the secrets")
        return self


def load_settings(**flags: object) -> Settings:
    """Return the settings of this process; flags that are None are left to the environment.

    Raises
    ------
    SettingsError
        Names every missing or malformed setting and its allowed values.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    for warning in _unknown_variables():
        _warn(warning)
    settings = _checked(given)
    if settings.environment == "local":
        return _warned(settings)
    named = SECRET_NAMES | ({"postgres_url": settings.postgres_secret} if settings.postgres_secret else {})
    wanted = {
        field: secret
        for field, secret in named.items()
        if field not in given
        and not os.environ.get(variables()[field])
        and not (settings.elasticsearch_api_key and field in CREDENTIALS)
    }
    try:
        settings = _checked({**read_secrets(settings.gcp_project_id or "", wanted), **given})
    except SecretError as error:
        raise SettingsError(str(error)) from None
    return _warned(settings)


def _warned(settings: Settings) -> Settings:
    if settings.environment == "cloud" and not settings.elasticsearch_by_https:
        _warn(PLAIN_HTTP)
    if settings.shares_lancedb:
        _warn(": ".join(SHARED_LANCEDB))
    return settings


class _StateSettings(PostgresSettings):
    model_config = Settings.model_config


def state_settings() -> PostgresSettings:
    """Return the settings of Dagster's state, even if others are wrong; Dagster's pages then name those.

    Raises
    ------
    SettingsError
        If the settings of the state are wrong.
    """
    try:
        return load_settings()
    except SettingsError:
        with _problems_named():
            settings = _StateSettings()
        if settings.postgres_secret and not settings.postgres_url:
            raise
        return settings


def variables() -> dict[str, str]:
    """Return setting -> its environment variable."""
    fields = Settings.model_fields.items()
    return {name: str(field.validation_alias or f"{PREFIX}{name.upper()}") for name, field in fields}


def _unknown_variables() -> Iterable[str]:
    """Yield a warning for each variable that is not a setting: all of `.env`, and BACHATA_ ones of the environment."""
    known = set(variables().values())
    try:
        in_file = {name.upper() for name in dotenv_values(ENV_FILE, encoding=ENV_ENCODING)}
    except UnicodeDecodeError:
        raise SettingsError(f"{ENV_FILE} is not UTF-8 text: save it as UTF-8 (PowerShell: -Encoding utf8)") from None
    ours = {name for name in map(str.upper, os.environ) if name.startswith(PREFIX)}
    for name in sorted((in_file | ours) - known):
        where = ENV_FILE if name in in_file else "the environment"
        if name in UNUSED:
            yield f"{name} in {where} is not used: {UNUSED[name]}"
            continue
        (meant,) = difflib.get_close_matches(name, sorted(known), 1) or ("",)
        remedy = f"did you mean {meant}?" if meant else "`bachata-assets settings --example` lists them all."
        yield f"{name} in {where} is not a setting: {remedy}"


@cache
def _warn(warning: str) -> None:
    """Log a warning once per process."""
    logger.warning(warning)


def _checked(given: dict[str, object]) -> Settings:
    with _problems_named():
        return Settings(**given)  # type: ignore[arg-type]  # pydantic converts and checks them


@contextmanager
def _problems_named() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        problems = (problem_of(dict(one), Settings, variables()) for one in error.errors(include_url=False))
        raise SettingsError("; ".join(problems)) from None


def example_env() -> str:
    """Return a .env file with every setting, its description and its default, all commented out."""
    lines = ["# Settings of bachata_assets: copy this file to .env and uncomment the lines that you change.", ""]
    for name, variable in variables().items():
        field = Settings.model_fields[name]
        default = "" if field.default is None else field.default
        lines += [f"# {field.description}", f"# {variable}={default}", ""]
    return "\n".join(lines)
