"""The text embedding of a sample clip is that which the same version made before."""

import json

from bachata_assets.annotation import Annotation
from bachata_assets.language import encoder
from bachata_assets.language.encoder import SHIPPED_FINGERPRINT, TextEncoder, installed_fingerprint, text_version
from bachata_assets.language.sentence import annotation_sentence
from bachata_assets_tests.support.golden import check_golden
from bachata_assets_tests.support.paths import SAMPLE


def test_sentence_and_vector_are_those_of_their_version() -> None:
    entry = json.loads((SAMPLE / "annotations.json").read_text(encoding="utf-8"))["clips"][0]
    sentence = annotation_sentence(Annotation.model_validate(entry))
    made = {"sentence": sentence, "vector": TextEncoder().encode([sentence])[0]}
    check_golden("text_embedding", encoder.VERSION, "language.encoder.VERSION", made, tolerance=1e-4)


def test_the_shipped_model_makes_the_plain_version_and_another_one_its_own() -> None:
    assert installed_fingerprint() == SHIPPED_FINGERPRINT
    assert text_version(SHIPPED_FINGERPRINT) == encoder.VERSION
    assert text_version("another-model-1") == f"{encoder.VERSION}-another-model-1"
