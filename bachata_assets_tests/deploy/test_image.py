"""The image of deploy/: what it is built of, as whom it runs, and what it must not hold. It is not built here."""

import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

from packaging.specifiers import SpecifierSet
from pydantic import SecretStr

from bachata_assets.settings import Settings, variables
from bachata_assets_tests.support.deployment import DEPLOY, IMAGE
from bachata_assets_tests.support.paths import PROJECT

DOCKERFILE = DEPLOY / "Dockerfile"
MODELS = ["checkpoints/MODEL_CARD.md", "checkpoints/models.toml", "checkpoints/bundled"]


def text() -> str:
    """Return the Dockerfile with its long lines whole and without its comments."""
    lines = (line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#"))
    return "\n".join(lines).replace("\\\n", " ")


def project() -> dict[str, object]:
    return dict(tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"])


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run(
        [linter, "--failure-threshold", "style", DOCKERFILE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_it_begins_with_a_python_that_the_package_takes_and_runs_as_a_user() -> None:
    (version,) = re.findall(r"ARG PYTHON=(\d+\.\d+)-", text())
    assert version in SpecifierSet(str(project()["requires-python"]))
    assert "latest" not in text()
    assert re.findall(r"^USER (\d+)", text(), re.MULTILINE) == ["10001"]


def test_the_tag_in_its_comment_and_in_the_values_is_the_version() -> None:
    assert f"bachata-assets:{project()['version']}" == IMAGE
    assert f"-t {IMAGE} ." in DOCKERFILE.read_text()


def test_it_has_every_extra_that_a_cluster_needs_and_none_that_is_not_there() -> None:
    named = set(re.findall(r"--extra (\S+)", text()))
    extras = project()["optional-dependencies"]
    assert isinstance(extras, dict)
    assert named <= set(extras)
    assert {"s3", "gcs", "postgres", "ray", "dagster-ray", "dagster-k8s"} <= named


def test_what_it_copies_is_there_and_let_in_and_nothing_else_is() -> None:
    copied = {
        name for words in re.findall(r"^COPY (?!--from)(.+)$", text(), re.MULTILINE) for name in words.split()[:-1]
    }
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert let_in == copied - {"checkpoints"} | set(MODELS)
    assert all((PROJECT / name).exists() for name in copied | let_in)


def test_what_goes_into_the_package_is_let_in() -> None:
    build = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert set(build["targets"]["wheel"]["force-include"]) == set(MODELS)


def test_no_file_of_the_folder_sets_a_secret() -> None:
    fields = Settings.model_fields
    secret = {name for key, name in variables().items() if fields[key].annotation == SecretStr | None}
    assert {"BACHATA_POSTGRES_URL", "ELASTICSEARCH_PASSWORD"} <= secret
    for file in DEPLOY.iterdir():
        for name, value in re.findall(r"^\s*-?\s*(?:ENV )?(\w+)=(\S+)", file.read_text(), re.MULTILINE):
            assert name not in secret or "PASSWORD@HOST" in value, (file, name)
