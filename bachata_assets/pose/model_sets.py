"""Which models there are: `checkpoints/models.toml`, where the folder lies, and whether the weights are whole.

Building and running the models lives in `openmmlab_models.py`, `exported.py` and `models.py`.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

WHEELS = ("mmdet", "mmpose")
MANIFEST = "models.toml"


class ModelSetError(ValueError):
    """`models.toml`, or a file it names, cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class ModelSpec:
    """One model of a set: its config, its weights and the size of what it sees.

    Attributes
    ----------
    kind : "detector", "pose" or "hand"
    config : "mmdet:…" or "mmpose:…" (inside the wheel) or a path from `folder`
    checkpoint : path of the weights from `folder`
    sha256 : of the weights, whole or its first digits
    input_size : (width, height), px
    folder : the checkpoint folder
    url : where the weights can be downloaded, if they can
    options : changes to the config's `model`
    """

    kind: str
    config: str
    checkpoint: str
    sha256: str
    input_size: tuple[int, int]
    folder: Path
    url: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def checkpoint_path(self) -> Path:
        """The weights' file."""
        return self.folder / self.checkpoint

    @property
    def config_path(self) -> Path:
        """The config's file; finding it imports neither mmdet nor mmpose."""
        package, separator, inside = self.config.partition(":")
        if not separator or package not in WHEELS:
            return self.folder / self.config
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModelSetError(f"{self.config}: the package {package} is not installed; run: uv sync")
        return Path(spec.submodule_search_locations[0]) / ".mim" / inside

    @cached_property
    def weights_sha256(self) -> str:
        """Hash of the weights as they lie on disk, checked against `sha256`.

        Raises
        ------
        FileNotFoundError
            The weights are not there.
        ModelSetError
            They are not those that the set names.
        """
        if not self.checkpoint_path.is_file():
            raise FileNotFoundError(
                f"Checkpoint not found: {self.checkpoint_path}. "
                "Download the models with: bachata-assets download-models"
            )
        with self.checkpoint_path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not digest.startswith(self.sha256.lower()):
            raise ModelSetError(
                f"{self.checkpoint_path}: sha256 is {digest[:16]}…, {MANIFEST} says {self.sha256[:16]}…: the file is "
                "damaged or another one. Delete it and run: bachata-assets download-models"
            )
        return digest

    @cached_property
    def identity(self) -> str:
        """Hash of everything that decides what the model computes: weights, config, code version, input size."""
        if not self.config_path.is_file():
            raise ModelSetError(f"{self.config_path}: no such config; mend `config` in {self.folder / MANIFEST}")
        parts = {
            "weights": self.weights_sha256,
            "config": hashlib.sha256(self.config_path.read_bytes()).hexdigest(),
            "code": {name: importlib.metadata.version(name) for name in WHEELS},
            "options": self.options,
            "input_size": self.input_size,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class ModelSet:
    """A detector and a pose model that go together."""

    name: str
    description: str
    detector: ModelSpec
    pose: ModelSpec
    hand: ModelSpec | None = None

    def specs(self) -> tuple[ModelSpec, ...]:
        """Return the models of the set."""
        return tuple(spec for spec in (self.detector, self.pose, self.hand) if spec is not None)

    def fingerprint(self, precision: str) -> str:
        """Return what keypoints made by this set in an effective precision depend on; reads files, loads no model."""
        parts = (self.detector.identity, self.pose.identity, precision)
        return f"{self.name}-{precision}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"


def default_checkpoint_dir() -> Path:
    """Return the checkpoint folder that comes with the project: the checkout's, else the installed package's."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent / "checkpoints"
    return checkout if (checkout / MANIFEST).is_file() else package / "checkpoints"


def load_model_set(name: str = "bundled", checkpoint_dir: Path | None = None) -> ModelSet:
    """Return the model set `name` of a checkpoint folder.

    A folder of weights without a `models.toml` of its own is read by the one that comes with the project.

    Raises
    ------
    FileNotFoundError
        The folder is not there.
    ModelSetError
        `models.toml` is malformed or has no such set.
    """
    folder = default_checkpoint_dir() if checkpoint_dir is None else Path(checkpoint_dir)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"Checkpoint directory not found: {folder}. Download the models with: bachata-assets download-models"
        )
    manifest = folder / MANIFEST
    if not manifest.is_file():
        manifest = default_checkpoint_dir() / MANIFEST
    try:
        sets = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ModelSetError(f"{manifest}: not valid TOML: {error}") from error
    if name not in sets:
        raise ModelSetError(f"{manifest}: no model set {name!r}; there are: {', '.join(sets)}")
    entry = sets[name]
    try:
        models = {kind: _spec(kind, entry[kind], folder) for kind in ("detector", "pose", "hand") if kind in entry}
        return ModelSet(name=name, description=entry.get("description", ""), **models)
    except (TypeError, KeyError, ValueError) as error:
        raise ModelSetError(f"{manifest}: model set {name!r} is malformed: {error}") from error


def _spec(kind: str, entry: dict[str, Any], folder: Path) -> ModelSpec:
    width, height = entry["input_size"]
    return ModelSpec(kind=kind, folder=folder, **{**entry, "input_size": (int(width), int(height))})
