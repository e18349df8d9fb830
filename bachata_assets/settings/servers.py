"""Settings of the servers that many machines share: Elasticsearch for the index, PostgreSQL for Dagster's state."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from bachata_assets.settings import values


class ElasticsearchSettings(BaseSettings):
    """How to reach Elasticsearch; without it, the index is in files of the data dir."""

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
        description="Alias of the index, which readers use.",
    )
    elasticsearch_username: str | None = Field(
        None, validation_alias="ELASTICSEARCH_USERNAME", description="User name; needs the password, too."
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
        description="Connect over https; unset: true with ENVIRONMENT=cloud, else false.",
    )
    elasticsearch_verify_certs: bool = Field(
        True, validation_alias="ELASTICSEARCH_VERIFY_CERTS", description="Verify the server's certificate."
    )
    elasticsearch_ca_certs: Path | None = Field(
        None,
        validation_alias="ELASTICSEARCH_CA_CERTS",
        description="File of the CA that signed the server's certificate.",
    )
    elasticsearch_timeout: float = Field(
        60.0, validation_alias="ELASTICSEARCH_TIMEOUT", gt=0, description="Time limit of a request, s."
    )
    elasticsearch_retry_on_timeout: bool = Field(
        True,
        validation_alias="ELASTICSEARCH_RETRY_ON_TIMEOUT",
        description="Repeat a request that takes longer, up to three attempts in all.",
    )
    elasticsearch_source_vectors: bool = Field(
        True,
        validation_alias="ELASTICSEARCH_SOURCE_VECTORS",
        description="Keep vectors in the documents' _source (9.2+); off saves disk.",
    )


class PostgresSettings(BaseSettings):
    """Where many machines keep Dagster's state; if unset, it is in files of the data dir."""

    postgres_url: SecretStr | None = Field(
        None,
        description="Database of Dagster's state, postgresql://USER:PASSWORD@HOST:PORT/NAME; unset: files of the data "
        "dir.",
    )
    postgres_schema: str = Field(
        "bachata", description="Database schema of this collection's state; every collection needs its own."
    )
    postgres_secret: str | None = Field(
        None, description="Secret of Google Secret Manager that holds BACHATA_POSTGRES_URL (cloud only)."
    )

    _database = field_validator("postgres_url")(values.database)
    _schema = field_validator("postgres_schema")(values.schema)
