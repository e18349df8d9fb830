"""What README and docs tell a person to type: every command exists, and the specification's own do what they say."""

import json
import re
import shlex
import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import jq
import numpy as np
import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets.collection.dataset import Dataset
from bachata_assets.pose.models.model_sets import load_model_set
from bachata_assets.synthetic.soundtrack import render_track
from bachata_assets_tests.support.doc_commands import PAGES, code_of, commands_of
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.real_poses import CLIPS, real_couple
from bachata_assets_tests.support.songs import write_song
from bachata_assets_tests.support.workplace import Workplace, report_of
from scripts.site_hooks import OUTSIDE

MIGRATING = PROJECT / "docs" / "migrating.md"
BEFORE = {"scripts/generate_embeddings.py", "scripts/download_mmpose_models.py"}
"""The specification's, named in docs/migrating.md beside what they are here."""

ELSEWHERE = {"generate_embeddings.py", "verify_embedding_pipeline.py", "dances/__init__.py", "dances/definitions.py"}


def understand(command: Any, words: list[str], parent: Any = None) -> None:
    """Parse a call as the program would, without running it; what it does not know is an error."""
    if isinstance(command, TyperGroup):
        context = command.make_context(command.name, list(words), parent=parent, resilient_parsing=True)
        name, inner, rest = command.resolve_command(context, list(words))
        assert inner is not None, name
        understand(inner, rest, context)
        return
    if words:  # else it is named, not called
        command.make_context(command.name, list(words), parent=parent)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_docs_exists_with_its_flags(page: Path) -> None:
    program = typer.main.get_command(app)
    for words in commands_of(page):
        understand(program, words)


def test_an_unknown_flag_in_the_docs_would_be_noticed() -> None:
    with pytest.raises(Exception, match=r"(?i)no such option.*--video_dirs"):
        understand(typer.main.get_command(app), ["generate", "--video_dirs", "x"])


RUN_FROM_DOCS = ("benchmarks", "scripts", "training")
"""Folders whose programs a person runs by what the docs say."""


def source_of(code: str) -> tuple[str, str] | None:
    """Return the file of the program that a line runs or names, and the words after it; None when there is none."""
    folders = "|".join(RUN_FROM_DOCS)
    module = re.search(rf"-m ((?:{folders})(?:\.[\w-]+)*)", code)
    if module is not None:
        name = module[1].replace(".", "/")
        return (f"{name}/__main__.py" if (PROJECT / name).is_dir() else f"{name}.py"), code[module.end() :]
    file = re.search(rf"\b(?:{folders})/[\w/-]+\.(?:py|sh)", code)
    return None if file is None or file[0] in BEFORE else (file[0], code[file.end() :])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_program_of_the_docs_exists_with_its_flags(page: Path) -> None:
    for code in code_of(page):
        if (source := source_of(code)) is not None:
            text = (PROJECT / source[0]).read_text()
            assert [flag for flag in re.findall(r"--[a-z_]+", source[1]) if flag not in text] == [], code


def test_every_benchmark_is_run_by_a_command_of_the_docs() -> None:
    folder = PROJECT / "benchmarks"
    programs = {path for path in folder.rglob("*.py") if 'if __name__ == "__main__"' in path.read_text()}
    runnable = {path.relative_to(PROJECT).as_posix() for path in programs - {folder / "__main__.py"}}
    lines = [code for page in PAGES for code in code_of(page) if "-m benchmarks." in code]
    assert {source[0] for code in lines if (source := source_of(code)) is not None} == runnable


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_the_docs_leads_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text()):
        file = page.parent / target if target else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in headings(file), f"{page.name}: {target}#{anchor}"
    for picture in re.findall(r'src(?:set)?="([^"]+)"', page.read_text()):
        assert (page.parent / picture).exists(), f"{page.name}: {picture}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_the_docs_name_exists(page: Path) -> None:
    modules = {path.relative_to(PROJECT).as_posix() for path in PROJECT.glob("[!.]*/**/*.py")}
    named = (
        {name for code in code_of(page) for name in re.findall(r"(?<![\w:/-])[\w/-]+\.py\b", code)} - BEFORE - ELSEWHERE
    )
    assert {name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in modules)} == set()


def headings(page: Path) -> set[str]:
    """Return the anchors that a page's headings get."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.fixture
def as_before(place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the specification's commands expect it, its clips made already."""
    (tmp_path / "data").mkdir()
    shutil.copytree(place.data, tmp_path / "data", dirs_exist_ok=True)
    shutil.move(place.videos, tmp_path / "data" / "Bachata_steps")
    shutil.move(place.annotations, tmp_path / "data" / "bachata_annotations.json")
    shutil.copytree(PROJECT / "checkpoints", tmp_path / "checkpoints")
    folders = {"video_dir": "data/Bachata_steps", "annotations": "data/bachata_annotations.json"}
    Dataset(url=str(tmp_path / "data")).remember(**folders)
    patch = {
        "format": "bachata-annotations-patch",
        "version": 1,
        "changes": [{"clip_id": "basic_step_1", "set": {"notes": "slow"}}],
    }
    (tmp_path / "patch.json").write_text(json.dumps(patch))
    write_song(tmp_path / "song.mp3", render_track(110, seconds=91).samples)
    monkeypatch.chdir(tmp_path)
    return tmp_path


STANDS_FOR = {
    "CLIP": "basic_step_1", "FILE": "preview.mp4", "SET": "rtmpose-m", "[SET]": "rtmpose-m",
    "/models": "models",
}  # fmt: skip
"""Word of a call -> what the test calls it with, in a folder of its own."""
FAILS_HERE = {
    "--environment cloud": "GCP_PROJECT_ID",
    "download-models rtmpose-m": "Cannot download http://127.0.0.1:9/",  # `pytest -m official` downloads it
    "index adopt": "ELASTICSEARCH_HOST",
    "serve": "BACHATA_SERVE_TOKEN",  # here it would not end
}
"""Part of a call -> what its error names: what it lacks here."""


def test_every_command_of_the_docs_does_what_it_says(as_before: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACHATA_MODELS_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BACHATA_SERVE_HOST", "0.0.0.0")
    named = [shlex.split(code) for code in re.findall(r"`(\w[^`]*)`", command_table(PROJECT / "README.md"))]
    calls = {tuple(words): None for words in [*named, *(words for page in PAGES for words in commands_of(page))]}
    done: list[str] = []
    for words in calls:
        given = [STANDS_FOR.get(word, word) for word in words]
        call = " ".join(given)
        if call in ("generate", "similar", "annotate") or re.search("data/sample|data/real|s3://", call):
            # only named; or run by `.ci/run`, by `make bench`, or by test_clips_in_a_bucket.py
            continue
        result = CliRunner().invoke(app, given)
        reason = next((named for part, named in FAILS_HERE.items() if part in call), None)
        assert (result.exit_code == 0) == (reason is None), (call, result.output)
        assert reason is None or (reason in result.output and "Traceback" not in result.output), (call, result.output)
        done.append(words[0])
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    assert set(done) == set(program.commands)
    assert (as_before / "preview.mp4").stat().st_size > 10_000
    assert (as_before / "data" / "embedding_generation.log").stat().st_size > 0
    assert (as_before / "data" / "embedding_generation_report.json").exists()


def command_table(page: Path) -> str:
    """Return the first column of the README's table of commands."""
    rows = page.read_text().partition("| command | what it does |")[2].split("\n\n")[0].splitlines()
    return "\n".join(row.split(" | ")[0] for row in rows)


def test_the_readme_names_every_command() -> None:
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    named = re.findall(r"`(\w[\w-]*)", command_table(PROJECT / "README.md"))
    assert set(named) == set(program.commands)


def test_the_readme_names_every_page_of_the_site() -> None:
    nav = (PROJECT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    stands = {target: source for source, target in OUTSIDE.items()}
    pages = {stands.get(page, f"docs/{page}") for page in re.findall(r"[\w/]+\.md", nav)}
    listed = {page for page in pages if not page.startswith("docs/api/")} | {"docs/api/index.md"}
    assert listed - set(re.findall(r"\]\(([^)#]+)", (PROJECT / "README.md").read_text())) == set()


def test_the_specifications_two_calls_read_every_vector(as_before: Path) -> None:
    snippet = re.search(r"```python\n(.*?)```", MIGRATING.read_text(), re.DOTALL)
    assert snippet is not None
    names: dict[str, Any] = {}
    exec(snippet[1], names)
    embeddings, one = names["embeddings"], names["embedding"]
    assert isinstance(embeddings, list)
    assert {document.clip_id for document in embeddings} == {
        "basic_step_1", "cross_body_lead_1", "forward_backward_1", "lady_right_turn_1",
    }  # fmt: skip
    assert {family: len(vector) for family, vector in one.vectors.items()} == {
        "lead": 512, "follow": 512, "interaction": 256, "audio": 128, "text": 384,
    }  # fmt: skip
    assert all(np.isfinite(vector).all() for vector in one.vectors.values())


def test_the_python_of_getting_started_compares_every_pair(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place.folder / "data").rename(place.folder / "sample_run")
    (place.folder / "data").mkdir()
    (place.folder / "sample_run").rename(place.folder / "data" / "sample_run")
    monkeypatch.chdir(place.folder)
    (snippet,) = re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "getting_started.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(snippet, names)
    assert names["lead"].shape == (4, 512)
    np.testing.assert_allclose(np.diag(names["cosines"]), 1, rtol=1e-5)
    assert "lady_right_turn" in capsys.readouterr().out


TABLES = re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "tables.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("snippet", TABLES, ids=["build_collection", "pandas", "polars", "duckdb"])
def test_the_python_of_read_the_tables_finds_the_nearest_clip(
    snippet: str, place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place.folder / "data").rename(place.folder / "sample_run")
    shutil.copytree(PROJECT / "data" / "sample", place.folder / "data" / "sample")
    (place.folder / "sample_run").rename(place.folder / "data" / "sample_run")
    monkeypatch.chdir(place.folder)
    exec(snippet, {})
    words = capsys.readouterr().out
    clips = [name for name in re.findall(r"\w+_1\b", words) if name != "basic_step_1"]
    assert len(set(clips)) == 3
    assert clips[0] == "forward_backward_1", words


EXTENDING = PROJECT / "docs" / "extending.md"


def test_the_worked_example_of_a_family_describes_real_couples() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", EXTENDING.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    vectors = [names["balance_embedding"](real_couple(clip)) for clip in CLIPS]
    for vector in vectors:
        assert vector.shape == (64,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, rel=1e-5)
        assert (np.diff(vector[:32]) >= 0).all()  # quantiles rise
    assert max(float(one @ other) for one, other in combinations(vectors, 2)) < 0.99
    short = replace(real_couple("lady_left_turn_2"), keypoints=real_couple("lady_left_turn_2").keypoints * np.nan)
    assert names["balance_embedding"](short).reason.startswith("one of the dancers")


def test_the_worked_example_of_a_model_set_is_read(tmp_path: Path) -> None:
    (entry,) = re.findall(r"```toml\n(.*?)```", EXTENDING.read_text(), re.DOTALL)
    (tmp_path / "models.toml").write_text(entry)
    (tmp_path / "mine").mkdir()
    bundled = load_model_set()
    shutil.copy(bundled.detector.checkpoint_path, tmp_path / "mine" / "detector.pth")
    shutil.copy(bundled.pose.checkpoint_path, tmp_path / "mine" / "pose.pth")
    mine = load_model_set("mine", tmp_path)
    assert mine.description == "Trained on our own studio"
    assert [spec.identity for spec in mine.specs()] == [spec.identity for spec in bundled.specs()]


def test_the_specifications_jq_line_finds_the_clips_of_low_quality(place: Workplace) -> None:
    line = ".embeddings[] | select(.quality_score < 0.5)"  # the specification's, word for word
    assert f"jq '{line}'" in (PROJECT / "README.md").read_text()
    report = report_of(place.data)
    assert jq.compile(line).input_value(report).all() == []
    report["embeddings"][2]["quality_score"] = 0.49
    (found,) = jq.compile(line).input_value(report).all()
    assert found["clip_id"] == report["embeddings"][2]["clip_id"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_jq_line_of_the_docs_works_on_the_report(page: Path, sample_made: tuple[Workplace, Any]) -> None:
    report = report_of(sample_made[0].data)
    for line in re.findall(r"jq '([^']+)'", page.read_text()):
        jq.compile(line).input_value(report).all()
