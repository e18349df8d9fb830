"""Where an index is, as the settings say it, and as it is shown."""

from pathlib import Path
from typing import Any

from bachata_assets.search import SearchConfig, SearchIndex
from bachata_assets.settings import Settings

SECURED: dict[str, Any] = {
    "elasticsearch_host": "search.example",
    "elasticsearch_port": 443,
    "elasticsearch_index": "moves",
    "elasticsearch_username": "keeper",
    "elasticsearch_password": "a-password",
    "elasticsearch_api_key": "a-key",
    "elasticsearch_use_ssl": True,
    "elasticsearch_verify_certs": False,
    "elasticsearch_ca_certs": Path("ca.crt"),
    "elasticsearch_source_vectors": False,
    "elasticsearch_timeout": 5.0,
    "elasticsearch_retry_on_timeout": False,
}


def test_every_setting_of_the_index_is_in_the_configuration() -> None:
    assert {name for name in Settings.model_fields if name.startswith("elasticsearch")} == set(SECURED)
    config = SearchConfig.from_settings(Settings(_env_file=None, data_dir="dances", **SECURED))
    assert config.password is not None
    assert config.api_key is not None
    assert (config.password.get_secret_value(), config.api_key.get_secret_value()) == ("a-password", "a-key")
    assert (config.data_dir, config.alias, config.address) == ("dances", "moves", "search.example:443")
    assert (config.username, config.ca_certs) == ("keeper", Path("ca.crt"))
    assert (config.use_ssl, config.verify_certs, config.source_vectors) == (True, False, False)
    assert (config.timeout, config.retry_on_timeout) == (5.0, False)


def test_a_configuration_has_the_defaults_of_the_settings() -> None:
    assert SearchConfig.from_settings(Settings(_env_file=None)) == SearchConfig()


def test_no_secret_is_shown() -> None:
    shown = repr(SearchConfig.from_settings(Settings(_env_file=None, **SECURED)))
    assert "search.example" in shown
    assert "a-password" not in shown
    assert "a-key" not in shown


def test_an_index_is_opened_without_settings(tmp_path: Path) -> None:
    with SearchIndex(SearchConfig(data_dir=str(tmp_path), alias="moves")) as index:
        status = index.status()
    assert (status.backend, status.location, status.alias) == ("lancedb", f"{tmp_path}/lancedb", "moves")
