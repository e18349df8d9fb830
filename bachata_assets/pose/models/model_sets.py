"""The model sets in `checkpoints/models.toml`: their models, where the files are, and whether they are intact.

`openmmlab.py` builds the models, `exported.py` exports them, and `pose_models.py` runs them.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import shlex
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bachata_assets.inference.precision import EffectivePrecision

WHEELS = ("mmdet", "mmpose")
"""Packages whose configs a model set may use."""
MANIFEST = "models.toml"
"""File in a checkpoint folder that lists its model sets."""
DOWNLOAD = "bachata-assets download-models"
"""Command that downloads a model set."""
DEVICES = ("cpu", "cuda")
"""Devices that a model set may request; the first is the default."""


class ModelSetError(ValueError):
    """`models.toml`, or a file that it names, is unusable; the message says which and what to do."""


@dataclass(frozen=True)
class ModelSpec:
    """One model of a set: config, weights, input size.

    Attributes
    ----------
    kind : str
        "detector", "pose" or "hand".
    config : str
        "mmdet:…" or "mmpose:…" (inside the wheel), or a path relative to `folder`.
    checkpoint : str
        Path of the weights relative to `folder`.
    sha256 : str
        Hash of the weights, or its first digits.
    input_size : tuple of int
        Width and height of the input, px.
    folder : Path
        The checkpoint folder.
    url : str or None
        URL of the weights, if they can be downloaded.
    options : dict
        Changes to the config's `model`.
    command : str
        Command that downloads the set.
    """

    kind: str
    config: str
    checkpoint: str
    sha256: str
    input_size: tuple[int, int]
    folder: Path
    url: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    command: str = DOWNLOAD

    @property
    def checkpoint_path(self) -> Path:
        """The weights file, also in the flat layout that `mim download` writes."""
        path = self.folder / self.checkpoint
        flat = self.folder / path.name
        return flat if flat.is_file() and not path.is_file() else path

    @property
    def config_path(self) -> Path:
        """The config file, found without importing mmdet or mmpose."""
        package, separator, inside = self.config.partition(":")
        if not separator or package not in WHEELS:
            return self.folder / self.config
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModelSetError(f"{self.config}: the package {package} is not installed; run: uv sync")
        return Path(spec.submodule_search_locations[0]) / ".mim" / inside

    @cached_property
    def weights_sha256(self) -> str:
        """Hash of the weights on disk, checked against `sha256`.

        Raises
        ------
        FileNotFoundError
            The weights are missing.
        ModelSetError
            They are not the weights that the set names.
        """
        if not self.checkpoint_path.is_file():
            raise FileNotFoundError(
                f"Checkpoint not found: {self.checkpoint_path}. Download the models with: {self.command}"
            )
        with self.checkpoint_path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not digest.startswith(self.sha256.lower()):
            raise ModelSetError(
                f"{self.checkpoint_path}: sha256 is {digest}, {MANIFEST} says {self.sha256}: the file is damaged or "
                f"a different one. Delete it and run: {self.command}; or, if you trust its source, set its sha256 "
                f"in {MANIFEST}"
            )
        return digest

    @cached_property
    def identity(self) -> str:
        """Hash of everything that decides what the model computes: weights, config, code version and input size."""
        if not self.config_path.is_file():
            raise ModelSetError(f"{self.config_path}: no such config; correct `config` in {self.folder / MANIFEST}")
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
    """A detector and a pose model that work together.

    Attributes
    ----------
    hand : ModelSpec or None
        The hand model; None if hands are not requested.
    device : str
        "cpu", or "cuda" for a CUDA device if there is one.
    """

    name: str
    description: str
    detector: ModelSpec
    pose: ModelSpec
    hand: ModelSpec | None = None
    device: str = "cpu"

    def specs(self) -> tuple[ModelSpec, ...]:
        """Return the models of the set."""
        return tuple(spec for spec in (self.detector, self.pose, self.hand) if spec is not None)

    def computed_in(self, precision: EffectivePrecision) -> EffectivePrecision:
        """Return the precision in which this set is computed.

        A set for a CUDA device is computed in f32, even without such a device: a collection's vectors stay comparable.

        Parameters
        ----------
        precision : str
            Effective precision of this machine, "f32" or "bf16".
        """
        return precision if self.device == DEVICES[0] else "f32"

    def fingerprint(self, precision: EffectivePrecision) -> str:
        """Return a hash of everything in this set that its keypoints depend on.

        It reads the files but loads no model.

        Parameters
        ----------
        precision : str
            Effective precision of this machine, "f32" or "bf16".
        """
        precision = self.computed_in(precision)
        device = () if self.device == DEVICES[0] else (self.device,)
        parts = (*(spec.identity for spec in self.specs()), precision, *device)
        return f"{self.name}-{precision}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"


def default_checkpoint_dir() -> Path:
    """Return the bundled checkpoint folder: the checkout's, else the installed package's."""
    package = Path(__file__).resolve().parents[2]
    checkout = package.parent / "checkpoints"
    return checkout if (checkout / MANIFEST).is_file() else package / "checkpoints"


def load_model_set(name: str = "bundled", checkpoint_dir: Path | None = None, hands: bool = False) -> ModelSet:
    """Return a model set of a checkpoint folder.

    The bundled `models.toml` applies to a folder of weights without one.

    Parameters
    ----------
    name : str
        Name in `models.toml`.
    checkpoint_dir : Path or None
        The folder; None: the bundled one.
    hands : bool
        Whether to include the set's hand model.

    Raises
    ------
    FileNotFoundError
        The folder does not exist.
    ModelSetError
        `models.toml` is malformed or lacks the set, or `hands` is set and the set has no hand model.
    """
    folder, manifest, sets = _read_manifest(name, checkpoint_dir)
    if name not in sets:
        raise ModelSetError(f"{manifest}: no model set {name!r}; choose from {', '.join(sets)}")
    entry = sets[name]
    if hands and "hand" not in entry:
        having = [other for other in sets if "hand" in sets[other]]
        raise ModelSetError(
            f"{manifest}: the model set {name!r} has no hand model: set BACHATA_HANDS=false, or choose with "
            f"BACHATA_MODEL_SET one that has: {', '.join(having) or 'there is none'}"
        )
    kinds = ("detector", "pose", "hand") if hands else ("detector", "pose")
    command = _download_command(name, checkpoint_dir) + (" --hands" if hands else "")
    try:
        device = entry.get("device", DEVICES[0])
        if device not in DEVICES:
            raise ValueError(f"device is {device!r}; it must be {' or '.join(DEVICES)}")
        models = {kind: _spec(kind, entry[kind], folder, command) for kind in kinds}
        return ModelSet(name=name, description=entry.get("description", ""), device=device, **models)
    except (TypeError, KeyError, ValueError) as error:
        raise ModelSetError(f"{manifest}: model set {name!r} is malformed: {error}") from error


def model_set_names(checkpoint_dir: Path | None = None) -> dict[str, bool]:
    """Return the model sets of a checkpoint folder.

    Returns
    -------
    dict
        Name -> whether the set has a hand model.

    Raises
    ------
    FileNotFoundError, ModelSetError
        As for `load_model_set`.
    """
    _, _, sets = _read_manifest("SET", checkpoint_dir)
    return {name: "hand" in entry for name, entry in sets.items()}


def _read_manifest(name: str, checkpoint_dir: Path | None) -> tuple[Path, Path, dict[str, Any]]:
    """Return the checkpoint folder, the path of its `models.toml`, and the content of that file."""
    folder = default_checkpoint_dir() if checkpoint_dir is None else Path(checkpoint_dir)
    if not folder.is_dir():
        command = _download_command(name, checkpoint_dir)
        raise FileNotFoundError(f"Checkpoint directory not found: {folder}. Download the models with: {command}")
    manifest = folder / MANIFEST
    if not manifest.is_file():
        manifest = default_checkpoint_dir() / MANIFEST
    try:
        sets = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ModelSetError(f"{manifest}: not valid TOML: {error}") from error
    return folder, manifest, sets


def _download_command(name: str, checkpoint_dir: Path | None) -> str:
    where = "" if checkpoint_dir is None else f" --checkpoint_path {shlex.quote(str(checkpoint_dir))}"
    return f"{DOWNLOAD} {name}{where}"


def _spec(kind: str, entry: dict[str, Any], folder: Path, command: str) -> ModelSpec:
    width, height = entry["input_size"]
    return ModelSpec(kind=kind, folder=folder, command=command, **{**entry, "input_size": (int(width), int(height))})
