"""Settings of the servers that many machines share: Elasticsearch with the index, PostgreSQL with Dagster's state."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from bachata_assets.settings import values


class ElasticsearchSettings(BaseSettings):
    """How Elasticsearch is reached; without it, the index is in files of the data dir."""

    elasticsearch_host: str | None = Field(
        None,
        validation_alias="ELASTICSEARCH_HOST",
        description="Elasticsearch host; unset: embedded LanceDB.",
    )
    elasticsearch_port: int = Field(
        9200, validation_alias="ELASTICSEARCH_PORT", ge=1, le=65535, description="Elasticsearch port."
    )
    elasticsearch_index: str = Field(
        "bachata_move_embeddings",
        validation_alias="ELASTICSEARCH_INDEX",
        description="Alias that readers use.",
    )
    elasticsearch_username: str | None = Field(
        None, validation_alias="ELASTICSEARCH_USERNAME", description="User name, with the password."
    )
    elasticsearch_password: SecretStr | None = Field(
        None, validation_alias="ELASTICSEARCH_PASSWORD", description="Password of the user."
    )
    elasticsearch_api_key: SecretStr | None = Field(
        None, validation_alias="ELASTICSEARCH_API_KEY", description="API key, instead of user and password."
    )
    elasticsearch_use_ssl: bool | None = Field(
        None,
        validation_alias="ELASTICSEARCH_USE_SSL",
        description="Connect by https; unset: with ENVIRONMENT=cloud yes, else no.",
    )
    elasticsearch_verify_certs: bool = Field(
        True, validation_alias="ELASTICSEARCH_VERIFY_CERTS", description="Verify the server's certificate."
    )
    elasticsearch_ca_certs: Path | None = Field(
        None, validation_alias="ELASTICSEARCH_CA_CERTS", description="CA file that signed the server's certificate."
    )
    elasticsearch_timeout: float = Field(
        60.0, validation_alias="ELASTICSEARCH_TIMEOUT", gt=0, description="Longest time of a request, s."
    )
    elasticsearch_retry_on_timeout: bool = Field(
        True,
        validation_alias="ELASTICSEARCH_RETRY_ON_TIMEOUT",
        description="Ask again, up to three times in all, when a request takes longer.",
    )
    elasticsearch_source_vectors: bool = Field(
        True,
        validation_alias="ELASTICSEARCH_SOURCE_VECTORS",
        description="Keep vectors in the documents' _source (9.2+); off saves disk.",
    )


class PostgresSettings(BaseSettings):
    """Where Dagster's state is kept for many machines; unset, it is in files of the data dir."""

    postgres_url: SecretStr | None = Field(
        None,
        description="Database of Dagster's state, postgresql://USER:PASSWORD@HOST:PORT/NAME; unset: files.",
    )
    postgres_schema: str = Field(
        "bachata", description="Schema of the database that holds this collection's state; each has its own."
    )
    postgres_secret: str | None = Field(
        None, description="Secret of Google Secret Manager that holds BACHATA_POSTGRES_URL (cloud only)."
    )

    _database = field_validator("postgres_url")(values.database)
    _schema = field_validator("postgres_schema")(values.schema)
