"""all-MiniLM-L6-v2 as sentence-transformers runs it, exported to OpenVINO.

sentence-transformers imports torch and most of transformers, which costs every process seconds and 0.8 GB of memory for
one sentence per clip. Only the export imports it. `inference/export_cache.py` keeps the export.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from bachata_assets.inference.export_cache import cached_export

if TYPE_CHECKING:
    import openvino


def exported_encoder(folder: Path, identity: str, cache_dir: Path | None = None) -> "openvino.Model":
    """Return the model, which maps token ids, int64 (1, T), to a vector, float32 (1, 384), of length 1.

    Parameters
    ----------
    folder : Path
        Folder of the model in sentence-transformers' format.
    identity : str
        Fingerprint of the model's files.
    cache_dir : Path or None
        Folder for the export; None: the user's cache folder.
    """
    return cached_export(identity.rpartition("-")[0], identity, lambda: _export(folder), cache_dir)


def _export(folder: Path) -> "openvino.Model":
    import openvino
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).eval()

    class OneSentence(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, token_ids: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": token_ids, "attention_mask": torch.ones_like(token_ids)}
            embedding: torch.Tensor = self.model(features)["sentence_embedding"]
            return embedding

    shape = [(openvino.PartialShape([1, -1]), openvino.Type.i64)]
    return openvino.convert_model(OneSentence(), example_input=torch.tensor([[101, 2000, 2001, 102]]), input=shape)
