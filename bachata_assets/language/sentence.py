"""The sentence that describes a clip, made from its annotation.

`language/encoder.py` turns it into the text embedding.
"""

from bachata_assets.annotation import Annotation

UNKNOWN = ("", "unknown", "none", "n/a")
"""Words for an unknown value, in any case; the sentence leaves such a field out."""
ROLES = {
    "lead_focus": "focused on the lead",
    "follow_focus": "focused on the follow",
    "both": "for both lead and follow",
}
"""Label of `lead_follow_roles` -> words of the sentence."""


def annotation_sentence(annotation: Annotation) -> str:
    """Return a sentence with everything that is known about a clip.

    The sentence has only known fields of the annotation itself, without fallbacks, which nobody has stated about the
    clip. A clip of unknown move is still a bachata clip.

    Examples
    --------
    >>> from bachata_assets.annotation import Annotation
    >>> annotation_sentence(Annotation(move_label="lady_left_turn", energy_level="low", estimated_tempo=102))
    'Dance move: lady left turn, low energy, at 102 beats per minute.'
    >>> annotation_sentence(Annotation())
    'Dance move: bachata.'
    """
    move, details, notes = _said(annotation)
    sentence = f"Dance move: {', '.join(filter(None, [move or 'bachata', details]))}."
    if not notes:
        return sentence
    return f"{sentence} {notes}" if notes[-1] in ".!?" else f"{sentence} {notes}."


def says_anything(annotation: Annotation) -> bool:
    """Tell whether anything is known about a clip, so that its sentence distinguishes it from others."""
    return any(_said(annotation))


def _said(annotation: Annotation) -> tuple[str, str, str]:
    """Return move, details and notes in words, each empty if nothing is known."""
    given = annotation.model_fields_set
    parts = [
        _labelled(annotation.difficulty, "difficulty") if "difficulty" in given else "",
        _labelled(annotation.energy_level, "energy") if "energy_level" in given else "",
        _roles(annotation.lead_follow_roles) if "lead_follow_roles" in given else "",
        f"at {annotation.estimated_tempo:.0f} beats per minute" if "estimated_tempo" in given else "",
    ]
    move, details = _words(annotation.move_label), ", ".join(part for part in parts if part)
    notes = " ".join(annotation.notes.split())
    return move, details, "" if notes.lower() in UNKNOWN else notes


def _words(label: str) -> str:
    """Return a label such as `lady_left_turn` as words, empty if it is unknown."""
    words = " ".join(label.replace("_", " ").split()).lower()
    return "" if words in UNKNOWN else words


def _labelled(label: str, what: str) -> str:
    words = _words(label)
    return f"{words} {what}" if words else ""


def _roles(label: str) -> str:
    return ROLES.get(label.lower(), _words(label))
