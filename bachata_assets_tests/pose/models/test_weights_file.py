"""Weights are read from what MMEngine itself saves, and nothing in a file is ever run."""

import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from bachata_assets.pose.models.model_sets import ModelSetError
from bachata_assets.pose.models.weights_file import read_weights


class Ones(Dataset[dict[str, torch.Tensor]]):
    metainfo: ClassVar = {"classes": ("person",), "sigmas": np.ones(17, np.float32), "area": np.float32(1)}

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"x": torch.ones(2)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as MMEngine's Runner saves it after an epoch."""
    from mmengine.model import BaseModel
    from mmengine.runner import Runner

    class Model(BaseModel):  # type: ignore[misc]  # MMEngine publishes no types
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(2, 2)

        def forward(self, x: list[torch.Tensor], mode: str = "loss") -> dict[str, torch.Tensor]:
            return {"loss": self.layer(torch.stack(list(x))).sum()}

    folder = tmp_path_factory.mktemp("trained")
    Runner(
        model=Model(),
        work_dir=str(folder),
        train_dataloader=DataLoader(Ones(), batch_size=2, collate_fn=lambda items: {"x": [i["x"] for i in items]}),
        train_cfg={"by_epoch": True, "max_epochs": 1},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1}},
        default_scope="mmengine",
        log_level="ERROR",
    ).train()
    return folder / "epoch_1.pth"


def test_what_mmengines_runner_saves_is_read(trained: Path) -> None:
    weights = read_weights(trained)
    assert list(weights) == ["layer.weight", "layer.bias"]
    full = torch.load(trained, weights_only=False)  # this test made it
    assert {"meta", "message_hub", "optimizer"} <= set(full)
    assert torch.equal(weights["layer.weight"], full["state_dict"]["layer.weight"])
    assert vars(weights)["_metadata"]["layer"] == {"version": 1}
    with pytest.raises(pickle.UnpicklingError):
        torch.load(trained, weights_only=True)  # without the stand-ins it is refused


def test_names_of_numpy_before_2_are_read(trained: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.pth"
    with zipfile.ZipFile(trained) as source, zipfile.ZipFile(old, "w") as target:
        for item in source.infolist():
            content = source.read(item)
            if item.filename.endswith("data.pkl"):
                assert b"numpy._core" in content
                content = content.replace(b"numpy._core", b"numpy.core")
            target.writestr(item, content)
    assert list(read_weights(old)) == ["layer.weight", "layer.bias"]


class Touch:
    """Unpickled, makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("place", ["state_dict", "message_hub", "meta"])
def test_a_hostile_checkpoint_in_official_form_is_refused_and_nothing_runs(
    trained: Path, tmp_path: Path, place: str
) -> None:
    checkpoint = torch.load(trained, weights_only=False)
    checkpoint[place]["more"] = Touch(tmp_path / "ran")
    torch.save(checkpoint, tmp_path / "hostile.pth")
    with pytest.raises(ModelSetError, match=r"hostile\.pth: refused, since it contains more than plain weights"):
        read_weights(tmp_path / "hostile.pth")
    assert not (tmp_path / "ran").exists()
    torch.load(tmp_path / "hostile.pth", weights_only=False)
    assert (tmp_path / "ran").exists()  # it would have run


def test_a_name_that_official_files_use_does_nothing(trained: Path, tmp_path: Path) -> None:
    # A pickle of the function itself: getattr(ndarray, "tofile") is called with a path when it is loaded.
    def name(module: bytes, attribute: bytes) -> bytes:
        return b"c" + module + b"\n" + attribute + b"\n"

    def text(value: bytes) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value

    call = name(b"__builtin__", b"getattr") + name(b"numpy", b"ndarray") + text(b"tofile") + b"\x86R"
    run = call + text(str(tmp_path / "ran").encode()) + b"\x85R"
    hostile = tmp_path / "hostile.pth"
    with zipfile.ZipFile(trained) as source, zipfile.ZipFile(hostile, "w") as target:
        for item in source.infolist():
            content = source.read(item)
            target.writestr(item, b"\x80\x02}" + text(b"x") + run + b"s." if "data.pkl" in item.filename else content)
    with pytest.raises(ModelSetError, match=r"hostile\.pth"):
        read_weights(hostile)
    assert not (tmp_path / "ran").exists()


def test_a_file_cut_off_or_without_weights_is_refused_by_name(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.pth").write_bytes(trained.read_bytes()[:1000])
    torch.save(OrderedDict(weight=torch.ones(1)), tmp_path / "bare.pth")
    for name in ("cut", "bare"):
        with pytest.raises(ModelSetError, match=name + r"\.pth: "):
            read_weights(tmp_path / f"{name}.pth")
