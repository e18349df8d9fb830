"""Settings from the environment and `.env`."""

import re
import traceback
from pathlib import Path

import fsspec
import pytest

from bachata_assets import settings as module
from bachata_assets.orchestration.build import build_platform
from bachata_assets.settings import CREDENTIALS, Settings, SettingsError, example_env, load_settings, variables
from bachata_assets.settings.problems import UNUSED
from bachata_assets_tests.support.paths import PROJECT

CANARY = "canary-7f3a"


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


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ENVIRONMENT", "moon", "ENVIRONMENT = 'moon': must be local or cloud"),
        ("BACHATA_PRECISION", "f16", "BACHATA_PRECISION = 'f16': must be auto or f32 or bf16"),
        ("ELASTICSEARCH_PORT", "many", "ELASTICSEARCH_PORT = 'many': must be a whole number from 1 to 65535"),
        ("ELASTICSEARCH_PORT", "70000", "ELASTICSEARCH_PORT = '70000': must be a whole number from 1 to 65535"),
        ("BACHATA_THREADS", "-1", "BACHATA_THREADS = '-1': must be a whole number from 0 to 1024"),
        ("BACHATA_THREADS", "9" * 5000, "': must be a whole number from 0 to 1024"),
        ("BACHATA_CLIPS_PER_RUN", "0", "BACHATA_CLIPS_PER_RUN = '0': must be a whole number from 1"),
        ("BACHATA_QUALITY_THRESHOLD", "1.5", "BACHATA_QUALITY_THRESHOLD = '1.5': must be a number from 0 to 1"),
        ("BACHATA_CLIP_SECONDS", "inf", "BACHATA_CLIP_SECONDS = 'inf': must be a number above 0"),
        ("BACHATA_QUALITY_THRESHOLD", "nan", "BACHATA_QUALITY_THRESHOLD = 'nan': must be a number from 0 to 1"),
        ("BACHATA_HANDS", "perhaps", "BACHATA_HANDS = 'perhaps': must be true or false"),
        ("ELASTICSEARCH_USE_SSL", "tls", "ELASTICSEARCH_USE_SSL = 'tls': must be true or false"),
        ("BACHATA_DATA_DIR", "http://a/b", "BACHATA_DATA_DIR = 'http://a/b': must be a folder, or a bucket"),
        ("BACHATA_DATA_DIR", "file:///a", "BACHATA_DATA_DIR = 'file:///a': must be a folder, or a bucket"),
        ("BACHATA_DATA_DIR", "simplecache::s3://b", "BACHATA_DATA_DIR = 'simplecache::s3://b': must be a folder"),
        ("BACHATA_DATA_DIR", "s3://", "BACHATA_DATA_DIR = 's3://': must be a folder, or a bucket"),
        ("BACHATA_DATA_DIR", "a\nb", "BACHATA_DATA_DIR = 'a\\nb': contains a control character"),
        (
            "BACHATA_VIDEO_DIR",
            "caf\udce9",
            "BACHATA_VIDEO_DIR = 'caf\\udce9': contains a control character or bytes that are",
        ),
        ("BACHATA_MODELS_BASE_URL", "ftp://a", "BACHATA_MODELS_BASE_URL = 'ftp://a': must be a URL such as https://"),
        ("ELASTICSEARCH_HOST", "a b", "ELASTICSEARCH_HOST: give a host name only"),
        ("ELASTICSEARCH_HOST", "a,b", "ELASTICSEARCH_HOST: give a host name only"),
        (
            "ELASTICSEARCH_HOST",
            "::1",
            "ELASTICSEARCH_HOST: give a host name only, or an IPv6 address in brackets",
        ),
        (
            "ELASTICSEARCH_HOST",
            "http://es",
            "ELASTICSEARCH_HOST: 'http://es' is more than a host name: set ELASTICSEARCH_HOST=es",
        ),
        (
            "ELASTICSEARCH_HOST",
            "https://es.example:9243/",
            "name: set ELASTICSEARCH_HOST=es.example ELASTICSEARCH_PORT=9243 ELASTICSEARCH_USE_SSL=true",
        ),
        ("ELASTICSEARCH_HOST", "es:9201", "a host name: set ELASTICSEARCH_HOST=es ELASTICSEARCH_PORT=9201"),
        *(
            ("ELASTICSEARCH_INDEX", name, "ELASTICSEARCH_INDEX = '")
            for name in (
                "Moves",
                "a b",
                "-a",
                "_a",
                "+a",
                "a/b",
                "a\\b",
                "a*",
                "a?",
                'a"b',
                "a<b",
                "a|b",
                "a,b",
                "a#b",
                "a:b",
                ".",
                "..",
                "é" * 101,
            )
        ),
    ],
)
def test_a_malformed_value_is_named_with_its_variable_and_what_is_allowed(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert said in str(error.value)
    assert variable in str(error.value)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300


def test_a_malformed_flag_is_named_by_its_variable_too() -> None:
    with pytest.raises(SettingsError, match=r"^ENVIRONMENT = 'moon': must be local or cloud$"):
        load_settings(environment="moon")
    with pytest.raises(SettingsError, match=r"^BACHATA_DATA_DIR = 'http://a': must be a folder"):
        load_settings(data_dir="http://a")
    with pytest.raises(SettingsError, match=r"^BACHATA_DATA_DIR = '': must be a folder"):
        load_settings(data_dir="")


def test_all_malformed_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACHATA_PRECISION", "f16")
    monkeypatch.setenv("ELASTICSEARCH_PORT", "0")
    with pytest.raises(SettingsError, match=r"BACHATA_PRECISION = 'f16'.*; ELASTICSEARCH_PORT = '0'"):
        load_settings()


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ELASTICSEARCH_HOST", f"elastic:{SECRET}@es"),
        ("ELASTICSEARCH_HOST", f"https://elastic:{SECRET}@es:9243"),
        ("ELASTICSEARCH_HOST", f"elastic:{SECRET}"),
        ("ELASTICSEARCH_HOST", f"es/{SECRET}"),
        ("ELASTICSEARCH_USERNAME", f"elastic:{SECRET}"),
        ("ELASTICSEARCH_PASSWORD", f"{SECRET}\n{SECRET}"),
        ("ELASTICSEARCH_API_KEY", f"{SECRET}\x7f"),
        ("BACHATA_DATA_DIR", f"s3://key:{SECRET}@bucket/x"),
        ("BACHATA_DATA_DIR", f"https://key:{SECRET}@bucket/x"),
        ("BACHATA_MODELS_BASE_URL", f"https://ana:{SECRET}@mirror"),
    ],
)
def test_a_password_in_the_wrong_place_is_refused_and_never_said(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert f"{variable}: " in str(error.value)
    assert SECRET not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("value", ["es", "es.example.org", "127.0.0.1", "[::1]", "es_1", "münchen.example"])
def test_a_host_is_a_name_or_an_address(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_HOST", value)
    assert load_settings().elasticsearch_host == value


def test_the_line_break_at_the_end_of_a_secret_is_not_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", f"{SECRET}\r\n")
    key = load_settings().elasticsearch_api_key
    assert key is not None
    assert key.get_secret_value() == SECRET


def test_home_is_understood_where_no_shell_has_replaced_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    Path(".env").write_text("BACHATA_DATA_DIR=~/dances\nBACHATA_VIDEO_DIR=~/clips\n")
    assert load_settings().data_dir == "/home/ana/dances"
    assert load_settings().video_dir == Path("/home/ana/clips")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_an_env_file_that_is_not_utf_8_is_refused_in_one_line(encoding: str) -> None:
    Path(".env").write_text("BACHATA_PRECISION=f32\n# müde\n", encoding=encoding)
    with pytest.raises(SettingsError, match=r"^\.env is not UTF-8 text: save it as UTF-8") as error:
        load_settings()
    assert str(error.value).isprintable()


def test_the_mark_in_front_of_a_windows_file_is_no_part_of_the_first_variable() -> None:
    Path(".env").write_text("BACHATA_PRECISION=f32\n", encoding="utf-8-sig")
    assert load_settings().precision == "f32"


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
    Path(".env").write_text(
        "ELASTICSEARCH_HOTS=localhost\nUNRELATED=1\nELASTICSEARCH_PORT=9201\nMMPOSE_CONFIDENCE=0.3\n"
    )
    for _ in range(2):
        assert load_settings().elasticsearch_port == 9201
    assert said == [
        "BACHATA_PRECISON in the environment is not a setting: did you mean BACHATA_PRECISION?",
        "ELASTICSEARCH_HOTS in .env is not a setting: did you mean ELASTICSEARCH_HOST?",
        "MMPOSE_CONFIDENCE in .env is not used: the thresholds are part of the code that makes the vectors, so that "
        "all of them compare",
        "UNRELATED in .env is not a setting: `bachata-assets settings --example` lists them all.",
    ]


@pytest.mark.parametrize(
    ("data_dir", "variables", "is_warned"),
    [
        ("s3://dances/made", {}, True),
        ("s3://dances/made", {"ELASTICSEARCH_HOST": "search"}, False),
        ("data", {}, False),
    ],
)
def test_an_index_of_one_writer_is_doubted_where_the_rest_is_set_up_for_many(
    data_dir: str, variables: dict[str, str], is_warned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    module._warn.cache_clear()
    said: list[str] = []
    monkeypatch.setattr(module.logger, "filters", [lambda record: said.append(record.getMessage())])
    monkeypatch.setenv("BACHATA_POSTGRES_URL", "postgresql://me:secret@host/state")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(data_dir=data_dir)
    assert settings.shares_lancedb == is_warned
    assert ["ELASTICSEARCH_HOST" in line for line in said] == [True] * is_warned


def test_every_variable_of_the_earlier_pipeline_is_in_the_guide() -> None:
    guide = (PROJECT / "docs" / "migrating.md").read_text().partition("## Variables")[2]
    rows = [line for line in guide.splitlines() if line.startswith("| `")]
    for name, why in UNUSED.items():
        (row,) = [line for line in rows if f"`{name}`" in line.split("|")[1]]
        assert "not used" in row
        assert why in row.replace("`", "") or "as `MMPOSE_CONFIDENCE`" in row
    taken = {name for line in rows if "not used" not in line for name in re.findall(r"`([A-Z_0-9]{6,})`", line)}
    assert taken <= {str(field.validation_alias) for field in Settings.model_fields.values()}


def test_a_store_without_its_package_is_refused_with_the_one_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(protocol: str) -> None:
        raise ImportError

    monkeypatch.setattr(fsspec, "get_filesystem_class", missing)
    with pytest.raises(SettingsError, match=r"gs:// needs an extra package: pip install 'bachata-assets\[gcs\]'"):
        load_settings(data_dir="gs://dances/x")


@pytest.mark.parametrize("url", ["s3://dances/x", "s3a://dances", "gs://dances/x", "gcs://dances"])
def test_the_stores_that_are_supported_are_taken(url: str) -> None:
    assert load_settings(data_dir=url).data_dir == url


@pytest.mark.parametrize("name", Settings.model_fields)
def test_no_message_and_no_traceback_shows_a_password_in_whatever_setting_it_stands(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"https://user:{CANARY}@host"
    for partner in ("USERNAME", "PASSWORD") if name in CREDENTIALS else ():
        monkeypatch.setenv(f"ELASTICSEARCH_{partner}", "partner")
    monkeypatch.setenv(variables()[name], address)
    said = ""
    try:
        settings = load_settings()
        said = f"{settings!r} {settings}"
        build_platform(settings).require_models()
    except SettingsError:
        said += traceback.format_exc()
    assert said
    assert CANARY not in said + caplog.text
