"""Dagster's state in a real PostgreSQL: `generate` and `dagster dev` over the sample, and what goes wrong with it."""

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.state import server as state_server
from bachata_assets.orchestration.state.errors import StateError
from bachata_assets.orchestration.state.server import MOST, require_version
from bachata_assets_tests.support.file_contents import holding
from bachata_assets_tests.support.paths import PROJECT, SAMPLE
from bachata_assets_tests.support.postgres_server import PASSWORD, WRITTEN, Server
from bachata_assets_tests.support.workplace import Workplace, report_of

OURS = "FROM pg_stat_activity WHERE application_name = 'bachata_assets'"


@pytest.fixture
def database(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of the test's own, named by the settings."""
    name = postgres.new()
    monkeypatch.setenv("BACHATA_POSTGRES_URL", postgres.url(name))
    return name


@pytest.fixture(scope="module")
def made(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workplace, Result, str, list[int]]:
    """The sample, made with its state in PostgreSQL; with its database, and how many connections there were."""
    place = Workplace(tmp_path_factory.mktemp("sample_in_postgres"))
    shutil.copytree(SAMPLE / "videos", place.videos)
    shutil.copy(SAMPLE / "annotations.json", place.annotations)
    name, connections, done = postgres.new(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            connections.append(int(postgres.ask(f"SELECT count(*) {OURS}")[0][0]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACHATA_POSTGRES_URL", postgres.url(name))
        watching = threading.Thread(target=watch)
        watching.start()
        try:
            result = place.generate("--debug")
        finally:
            done.set()
            watching.join()
    return place, result, name, connections


@pytest.fixture
def in_postgres(
    made: tuple[Workplace, Result, str, list[int]], postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> Workplace:
    """The sample that was made, with the setting in force."""
    monkeypatch.setenv("BACHATA_POSTGRES_URL", postgres.url(made[2]))
    return made[0]


def test_a_whole_generate_keeps_its_state_in_the_database(
    made: tuple[Workplace, Result, str, list[int]], postgres: Server
) -> None:
    place, result, name, connections = made
    assert result.exit_code == 0, result.output
    assert report_of(place.data)["summary"]["successful"] == 4
    assert not list(place.data.rglob("*.db"))
    assert postgres.ask("SELECT status FROM bachata.runs WHERE pipeline_name = 'process_clips'", name) == [("SUCCESS",)]
    assert 1 <= max(connections) <= MOST


def test_a_second_generate_makes_nothing_and_the_status_is_whole(in_postgres: Workplace) -> None:
    before = in_postgres.tables()
    again = in_postgres.generate()
    assert "0 processed this time" in again.output
    assert in_postgres.tables() == before
    status = CliRunner().invoke(app, ["status", "--data_dir", str(in_postgres.data)])
    assert (status.exit_code, status.output.splitlines()[0]) == (0, "4 made, 0 failed, 0 to be made")


def test_the_password_is_in_no_output_and_no_file_and_in_no_reference_of_the_instance(
    made: tuple[Workplace, Result, str, list[int]], in_postgres: Workplace
) -> None:
    with open_instance(str(in_postgres.data)) as instance:
        said = f"{instance.get_ref()} {instance.info_str()}"
    for text in (PASSWORD, WRITTEN):
        assert text not in made[1].output + said
        assert holding(in_postgres.folder, text) == set()
    assert holding(in_postgres.folder, "basic_step_1")  # so what is written is looked at


def test_what_was_made_with_files_is_not_made_again_in_a_database(place: Workplace, database: str) -> None:
    before = place.tables()
    done = place.generate()
    assert done.exit_code == 0, done.output
    assert "0 processed this time" in done.output
    assert place.tables() == before


def one_line(result: Result) -> str:
    """Return the line with which a command refused."""
    assert result.exit_code == 2, result.output
    (line,) = result.output.splitlines()
    return line


def test_another_data_dir_is_refused_by_the_schema(in_postgres: Workplace, place: Workplace) -> None:
    line = one_line(place.generate())
    assert line.startswith("Error: BACHATA_POSTGRES_SCHEMA: the schema bachata of ")
    assert (
        f"holds the state of another collection, that of {in_postgres.data}: give {place.data} its own schema" in line
    )


def test_a_copy_is_refused_a_moved_data_dir_is_not_and_another_schema_takes_both(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, copy = (str(tmp_path / name) for name in ("here", "there", "copy"))
    with open_instance(here) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("during"))
    shutil.copytree(here, copy)
    with pytest.raises(StateError, match=r"holds the state of .*here, of which this data dir is a copy"):
        open_instance(copy).__enter__()
    Path(here).rename(there)
    with open_instance(there) as instance:
        assert instance.get_latest_materialization_event(dg.AssetKey("during"))
    with pytest.raises(StateError, match=r"of .*there, of which this data dir is a copy"):
        open_instance(copy).__enter__()
    monkeypatch.setenv("BACHATA_POSTGRES_SCHEMA", "bachata_2")
    with open_instance(copy) as instance:
        assert not instance.get_latest_materialization_event(dg.AssetKey("during"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://tester:canary@127.0.0.1:{port}/{name}", "refuses the user or the password"),
        ("postgresql://nobody:canary@127.0.0.1:{port}/{name}", "refuses the user or the password"),
        ("postgresql://tester@127.0.0.1:{port}/{name}", "requires a password"),
        ("postgresql://tester:{written}@127.0.0.1:{port}/no_such", "has no such database or user"),
        ("postgresql://tester:canary@127.0.0.1:1/moves", "cannot connect to"),
        ("postgresql://tester:canary@nowhere.invalid/moves", "the host of .* is unknown"),
        ("postgresql://tester:{written}@127.0.0.1:{port}/{name}?sslmode=require", "cannot be reached by TLS"),
        (
            "postgresql://tester:{written}@127.0.0.1:{port}/{name}?unknown=canary",
            "has a part that PostgreSQL does not know",
        ),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_in_one_line_before_any_clip(
    url: str, said: str, place: Workplace, postgres: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place.tables()
    monkeypatch.setenv("BACHATA_POSTGRES_URL", url.format(port=postgres.port, written=WRITTEN, name=database))
    line = one_line(place.generate())
    assert line.startswith("Error: BACHATA_POSTGRES_URL: ")
    assert re.search(said, line), line
    assert "canary" not in line.replace("canary at 127.0.0.1", "").replace('"canary', "").replace(
        "template0 canary", ""
    )
    assert WRITTEN not in line
    assert place.tables() == before


def test_a_database_that_lacks_letters_is_refused(
    place: Workplace, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACHATA_POSTGRES_URL", postgres.url(postgres.new("SQL_ASCII")))
    assert "stores text as SQL_ASCII" in one_line(place.generate())


def test_a_user_that_may_not_make_the_schema_is_told(
    place: Workplace, postgres: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.ask("CREATE USER reader PASSWORD 'reading'")
    monkeypatch.setenv("BACHATA_POSTGRES_URL", postgres.url(database, "reader:reading"))
    assert "CREATE SCHEMA bachata AUTHORIZATION" in one_line(place.generate())
    postgres.ask("CREATE SCHEMA bachata AUTHORIZATION reader", database)
    with open_instance(str(place.data)) as instance:
        assert instance.get_runs_count() == 0


@pytest.mark.parametrize(("number", "name"), [(90624, "9.6"), (120019, "12.19")])
def test_a_server_that_is_too_old_is_named(number: int, name: str) -> None:
    require_version(130000, "moves at host:5432")
    with pytest.raises(StateError, match=f"PostgreSQL {name}, which is too old: 13 or newer"):
        require_version(number, "moves at host:5432")


def test_a_package_that_is_not_installed_is_named(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACHATA_POSTGRES_URL", "postgresql://tester:canary@127.0.0.1/moves")
    monkeypatch.setattr("bachata_assets.settings.values.find_spec", lambda name: None)
    line = one_line(place.generate())
    assert line.endswith("PostgreSQL needs an extra package: pip install 'bachata-assets[postgres]'")


def test_without_the_setting_no_driver_is_loaded() -> None:
    asked = "import sys, bachata_assets.definitions; sys.exit('psycopg2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], cwd=PROJECT, check=False).returncode == 0


@pytest.fixture
def own_server(postgres: Server) -> Iterator[Server]:
    """A server that a test may end."""
    server = Server().start()
    yield server
    server.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["a restart", "a crash"])
def test_a_server_that_comes_back_loses_no_event(
    how: int, tmp_path: Path, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACHATA_POSTGRES_URL", own_server.url(own_server.new()))
    clip_ids, asset = [f"clip_{number}" for number in range(300)], dg.AssetKey("during")
    begun, stored = threading.Event(), threading.Event()
    with open_instance(str(tmp_path)) as instance:

        def store() -> None:
            for number, clip_id in enumerate(clip_ids):
                instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=clip_id))
                if number == 20:
                    begun.set()
            stored.set()

        threading.Thread(target=store, daemon=True).start()
        assert begun.wait(30)
        own_server.stop(how)
        time.sleep(0.5)
        own_server.start()  # by this thread: the server ends with the one that started it
        assert stored.wait(60)
        assert set(instance.get_materialized_partitions(asset)) == set(clip_ids)


def test_a_server_that_stays_away_ends_the_run_in_one_line_and_what_was_made_is_known_to_the_next(
    own_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Workplace(tmp_path / "place")
    shutil.copytree(SAMPLE / "videos", place.videos)
    shutil.copy(SAMPLE / "annotations.json", place.annotations)
    monkeypatch.setenv("BACHATA_POSTGRES_URL", own_server.url(own_server.new()))
    monkeypatch.setattr(state_server, "PATIENCE_S", 1.0)

    def end() -> None:
        deadline = time.monotonic() + 120
        while not list(place.data.glob("keypoints/*.parquet")) and time.monotonic() < deadline:
            time.sleep(0.05)
        own_server.stop()

    ending = threading.Thread(target=end, daemon=True)
    ending.start()
    broken = place.generate()
    ending.join()
    assert broken.exit_code == 2, broken.output
    assert "was lost and did not come back within 1 s" in broken.output.splitlines()[-1]
    assert "Traceback" not in broken.output
    own_server.start()
    made_before = {path.stem for path in place.data.glob("keypoints/*.parquet")}
    status = CliRunner().invoke(app, ["status", "--json", "--data_dir", str(place.data)])
    to_be_made = json.loads(status.output)["to_be_made"]
    assert {clip_id for clip_id, stages in to_be_made.items() if "keypoints" not in stages} == made_before
