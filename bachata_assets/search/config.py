"""`SearchConfig`: the address of a search index and how to connect to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from bachata_assets.search.similarity import parse_weights
from bachata_assets.settings import Settings
from bachata_assets.settings.values import WEIGHTS


def _presets(weights: Mapping[str, str]) -> dict[str, dict[str, float]]:
    return {name.removeprefix("alike_by_"): parse_weights(text) for name, text in weights.items()}


DEFAULT_PRESETS = _presets({name: Settings.model_fields[name].default for name in WEIGHTS})
"""Value of `by` -> weight of each family, by default."""


@dataclass(frozen=True)
class SearchConfig:
    """The address of an index: in Elasticsearch if there is a host, else in LanceDB in a data dir.

    Its representation shows no secret.

    Attributes
    ----------
    data_dir : path or URL of the data dir, in which LanceDB keeps its tables
    alias : name by which readers find the live version
    host, port : address of the Elasticsearch server
    username, password : credentials; alternatively `api_key`
    api_key : API key in its `encoded` form
    use_ssl : connect by https
    verify_certs : accept only a trusted certificate
    ca_certs : file of the CA that signed the server's certificate; None: the CAs of the system
    timeout : maximum duration of a request, s
    retry_on_timeout : repeat a request that took longer
    presets : value of `by` -> weight of each family
    source_vectors : keep vectors in `_source`, for clients that do not ask for them (Elasticsearch 9.2 and newer)
    """

    data_dir: str = "data"
    alias: str = "bachata_move_embeddings"
    host: str | None = None
    port: int = 9200
    username: str | None = None
    password: SecretStr | None = None
    api_key: SecretStr | None = None
    use_ssl: bool = False
    verify_certs: bool = True
    ca_certs: Path | None = None
    timeout: float = 60.0
    retry_on_timeout: bool = True
    source_vectors: bool = True
    presets: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: DEFAULT_PRESETS, hash=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> "SearchConfig":
        """Return the configuration that the settings describe."""
        return cls(
            data_dir=settings.data_dir,
            alias=settings.elasticsearch_index,
            host=settings.elasticsearch_host,
            port=settings.elasticsearch_port,
            username=settings.elasticsearch_username,
            password=settings.elasticsearch_password,
            api_key=settings.elasticsearch_api_key,
            use_ssl=settings.elasticsearch_by_https,
            verify_certs=settings.elasticsearch_verify_certs,
            ca_certs=settings.elasticsearch_ca_certs,
            timeout=settings.elasticsearch_timeout,
            retry_on_timeout=settings.elasticsearch_retry_on_timeout,
            source_vectors=settings.elasticsearch_source_vectors,
            presets=_presets({name: getattr(settings, name) for name in WEIGHTS}),
        )

    @property
    def address(self) -> str:
        """Host and port of the server, as in messages."""
        return f"{self.host}:{self.port}"
