"""Settings from the environment and `.env`."""

import re
from pathlib import Path

import pytest

from bachata_assets import settings as module
from bachata_assets.settings import Settings, SettingsError, example_env, load_settings
from bachata_assets_tests.support.paths import PROJECT


def test_a_flag_wins_over_the_environment_over_the_env_file_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().elasticsearch_index == "bachata_move_embeddings"
    Path(".env").write_text("ELASTICSEARCH_INDEX=from_file\n")
    assert load_settings().elasticsearch_index == "from_file"
    monkeypatch.setenv("ELASTICSEARCH_INDEX", "from_environment")
    assert load_settings().elasticsearch_index == "from_environment"
    assert load_settings(elasticsearch_index="from_flag").elasticsearch_index == "from_flag"


def test_the_missions_env_file_is_understood() -> None:
    Path(".env").write_text(
        "ENVIRONMENT=local\nELASTICSEARCH_HOST=localhost\nELASTICSEARCH_PORT=9200\n"
        "ELASTICSEARCH_INDEX=bachata_move_embeddings\nMMPOSE_CHECKPOINT_PATH=./checkpoints\n"
    )
    settings = load_settings()
    assert (settings.elasticsearch_host, settings.elasticsearch_port) == ("localhost", 9200)
    assert settings.mmpose_checkpoint_path == Path("checkpoints")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_HOST", "")
    assert load_settings().elasticsearch_host is None


def test_a_malformed_value_is_named_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "moon")
    monkeypatch.setenv("ELASTICSEARCH_PORT", "many")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert "ENVIRONMENT: Input should be 'local' or 'cloud'" in str(error.value)
    assert "ELASTICSEARCH_PORT: Input should be a valid integer" in str(error.value)


def test_a_user_without_a_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_USERNAME", "ana")
    with pytest.raises(SettingsError, match="ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD go together"):
        load_settings()


def test_a_password_is_in_no_print_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_USERNAME", "ana")
    monkeypatch.setenv("ELASTICSEARCH_PASSWORD", "hunter2")
    assert "hunter2" not in f"{load_settings()!r} {load_settings().model_dump_json()}"


def test_the_cloud_needs_a_project() -> None:
    with pytest.raises(SettingsError, match="ENVIRONMENT=cloud needs GCP_PROJECT_ID"):
        load_settings(environment="cloud")


def test_the_example_file_is_the_settings_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (PROJECT / ".env.example").read_text() == example_env()


def test_the_example_file_changes_nothing_when_it_is_used_as_it_is() -> None:
    uncommented = [line[2:] for line in example_env().splitlines() if re.match(r"# [A-Z_]+=", line)]
    Path(".env").write_text("\n".join(uncommented))
    assert len(uncommented) == len(Settings.model_fields)
    assert load_settings() == Settings(_env_file=None)


def test_a_mistyped_variable_is_named_once_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module._warn.cache_clear()
    said: list[str] = []
    monkeypatch.setattr(module.logger, "filters", [lambda record: said.append(record.getMessage())])
    monkeypatch.setenv("BACHATA_PRECISON", "f32")
    Path(".env").write_text("ELASTICSEARCH_HOTS=localhost\nUNRELATED=1\nELASTICSEARCH_PORT=9201\n")
    for _ in range(2):
        assert load_settings().elasticsearch_port == 9201
    assert said == [
        "BACHATA_PRECISON in the environment is no setting: did you mean BACHATA_PRECISION?",
        "ELASTICSEARCH_HOTS in .env is no setting: did you mean ELASTICSEARCH_HOST?",
        "UNRELATED in .env is no setting: `bachata-assets settings --example` lists them all.",
    ]


def test_a_store_without_its_package_is_refused_with_the_one_to_install() -> None:
    with pytest.raises(SettingsError, match=r"data_dir: adl://lake needs a package of its own"):
        load_settings(data_dir="adl://lake")


def test_an_unknown_kind_of_store_is_refused() -> None:
    with pytest.raises(SettingsError, match="data_dir: Protocol not known: moon"):
        load_settings(data_dir="moon://x")
