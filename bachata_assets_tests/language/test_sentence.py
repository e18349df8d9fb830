"""The sentence that is made of an annotation."""

from typing import Any

import pytest

from bachata_assets.annotation import Annotation
from bachata_assets.language.sentence import annotation_sentence, says_anything


def full(**changes: Any) -> Annotation:
    known: dict[str, Any] = {
        "move_label": "lady_left_turn",
        "difficulty": "intermediate",
        "energy_level": "low",
        "lead_follow_roles": "follow_focus",
        "estimated_tempo": 102.0,
        "notes": "Lady left turn throughout 3 seconds",
    }
    return Annotation(**known | changes)


def test_everything_known_is_said_in_one_natural_sentence_and_the_notes() -> None:
    assert annotation_sentence(full()) == (
        "Dance move: lady left turn, intermediate difficulty, low energy, focused on the follow, "
        "at 102 beats per minute. Lady left turn throughout 3 seconds."
    )


@pytest.mark.parametrize(
    ("field", "value", "gone"),
    [
        ("difficulty", "unknown", "difficulty"),
        ("difficulty", " Unknown ", "difficulty"),
        ("energy_level", "", "energy"),
        ("lead_follow_roles", "unknown", "follow,"),
        ("notes", "  ", "seconds"),
    ],
)
def test_an_unknown_field_is_left_out(field: str, value: str, gone: str) -> None:
    sentence = annotation_sentence(full(**{field: value}))
    assert gone not in sentence
    assert "unknown" not in sentence.lower()
    assert ", ," not in sentence
    assert sentence.endswith(".")


def test_a_clip_of_unknown_move_is_still_bachata() -> None:
    sentence = annotation_sentence(Annotation(notes="Closing pose"))
    assert sentence == "Dance move: bachata. Closing pose."


def test_a_fallback_is_not_said_but_the_same_value_said_by_an_annotator_is() -> None:
    assert annotation_sentence(Annotation(move_label="dip")) == "Dance move: dip."
    sentence = annotation_sentence(Annotation(move_label="dip", energy_level="medium", estimated_tempo=120))
    assert sentence == "Dance move: dip, medium energy, at 120 beats per minute."


def test_a_clip_without_any_annotation_is_still_bachata() -> None:
    assert annotation_sentence(Annotation()) == "Dance move: bachata."
    nothing = Annotation(move_label="", notes="unknown")
    assert annotation_sentence(nothing) == "Dance move: bachata."
    assert not any(map(says_anything, (Annotation(), nothing, Annotation(lead="left"), Annotation(difficulty="n/a"))))
    assert all(map(says_anything, (Annotation(move_label="bachata"), Annotation(estimated_tempo=131), full())))


def test_the_side_of_the_leader_is_no_part_of_the_sentence() -> None:
    assert annotation_sentence(Annotation(lead="left")) == annotation_sentence(Annotation())
    assert annotation_sentence(full(lead="left")) == annotation_sentence(full())


def test_an_annotated_tempo_alone_is_worth_a_sentence() -> None:
    sentence = annotation_sentence(Annotation(estimated_tempo=131))
    assert sentence == "Dance move: bachata, at 131 beats per minute."


def test_notes_of_several_lines_become_one_and_keep_their_full_stop() -> None:
    sentence = annotation_sentence(full(notes="Slow.\n  Then fast!"))
    assert sentence.endswith(". Slow. Then fast!")
