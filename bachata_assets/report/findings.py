"""One sentence for each check that a clip fails, and the moment of the clip to look at.

The checks' limits and remedies are in `pipeline/checks.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any

Figures = Mapping[str, Any]
"""Name -> value of a figure that a check returned with its answer."""


def _not_one(found: Figures) -> str:
    """Return why it is not certain which couple is meant."""
    if found.get("at_s"):
        return f"A dancer changes partners at {_times(found['at_s'])}; the longer part counts."
    if found["couples_seen"] == 0:
        return "The two are seen together too briefly to tell whether they are a couple."
    other = (
        'If it is another couple, write "couple" into the annotation: `bachata-assets preview CLIP --people` shows how.'
    )
    sure = f"{found['couple_confidence']:.0%} sure"
    if found["mirror_images"]:
        return f"{found['mirror_images']} of the people may be images in a mirror ({sure} of the couple). {other}"
    if found["couples_seen"] == 1:
        return f"It is unclear which two are the couple, or whether they are one ({sure}). {other}"
    return f"{found['couples_seen']} couples are seen, and it is unclear which is meant ({sure}). {other}"


def _who_leads(found: Figures) -> str:
    """Return who was taken for the lead, how sure that is, and what to write if it is wrong."""
    said = f"Unclear who leads ({found['role_confidence']:.0%} sure)"
    side = found.get("leader_at")
    if not side:
        return f"{said}."
    other = {"left": "right", "right": "left"}[side]
    return (
        f"{said}: the dancer who starts on the {side} was taken for the lead. "
        f'If it is the other dancer, write "lead": "{other}" into the annotation.'
    )


def _no_edge(found: Figures) -> str:
    """Return why a clip cannot be joined to others at its ends."""
    ends = "only one end of it" if found["edges"] else "neither end of it"
    return f"`next` and `chain` can use {ends}: {found['reason']}."


_SENTENCES: Mapping[str, Callable[[Figures], str]] = {
    "quality_at_least_half": lambda found: f"Quality {found['quality_score']:.2f} is below {found['at_least']:g}.",
    "both_dancers_found": lambda found: f"Both dancers are found in only {found['detection_rate']:.0%} of the frames.",
    "poses_are_certain": lambda found: (
        f"Both poses are certain in only {found['certain_rate']:.0%} of the frames: where one dancer hides the "
        "other, the hidden one's pose may be wrong."
    ),
    "lead_follow_certain": _who_leads,
    "identities_stable": lambda found: (
        f"The dancers may have been mistaken for each other, or for somebody else, at {_times(found['at_s'])}."
    ),
    "one_couple": _not_one,
    "camera_is_steady": lambda found: f"The camera's motion is unknown at {_times(found['at_s'])}.",
    "one_shot": lambda found: (
        f"The clip is cut at {_times(found['at_s'])}; only one shot counts: the longest good one, or the one in which "
        'the annotation names the couple by a box ("couple": {"box": …, "at_s": …}).'
    ),
    "file_is_intact": lambda found: (
        f"The file is damaged or lacks pictures: {found['damaged_frames']} frames ({found['damaged_rate']:.0%}) are "
        f"left out, "
        f"at {_times(found['at_s'])}."
    ),
    "movement_is_seen": lambda found: (
        f"Too short or too empty: no dancer is seen for {found['at_least']:g} s, so there is no vector of movement."
    ),
    "moments_present": lambda found: (
        f"{found['without']} of {found['moments']} moments have no vector, since nobody is seen for a second from "
        f"{_times(found['at_s'])} on."
    ),
    "transitions_present": _no_edge,
    "tempo_as_annotated": lambda found: (
        f"The annotation says {found['annotated']:.0f} beats per minute, the music has {found['heard']:.0f}."
    ),
}
_PICTURE = (
    "quality_at_least_half",
    "both_dancers_found",
    "lead_follow_certain",
    "identities_stable",
    "one_couple",
    "camera_is_steady",
    "one_shot",
    "file_is_intact",
    "movement_is_seen",
)
_PRESENT = "_embedding_present"
_FINITE = "_finite"


def message(check: str, figures: Figures) -> str:
    """Return the sentence for a failed check.

    Parameters
    ----------
    check : str
        Name of the check.
    figures : mapping of str
        Figures of the check.

    Examples
    --------
    >>> message("quality_at_least_half", {"quality_score": 0.431, "at_least": 0.5})
    'Quality 0.43 is below 0.5.'
    """
    try:
        if check.endswith(_PRESENT):
            return f"No {check.removesuffix(_PRESENT)} vector: {figures['reason']}."
        if check.endswith(_FINITE):
            what = check.removesuffix(_FINITE).replace("_embedding", " vector")
            return f"In the {what}, {figures['reason']}: report this as a bug, with the clip."
        return _SENTENCES[check](figures)
    except (KeyError, TypeError, ValueError):
        # A check without a sentence, or an answer of an older version without these figures.
        numbers = [f"{name} {value:.3g}" for name, value in figures.items() if isinstance(value, int | float)]
        return f"{check.replace('_', ' ')}: no{' (' + ', '.join(numbers) + ')' if numbers else ''}."


def is_of_the_picture(check: str) -> bool:
    """Return whether a look at the clip answers the check."""
    return check in _PICTURE


def moment(warnings: Mapping[str, Figures], timeline: str, seconds: float) -> float:
    """Return the time (s) in a clip that is most worth a look.

    This is a suspected identity switch, else the middle of the longest part in which a dancer is not found, else the
    middle of the clip.

    Parameters
    ----------
    warnings : mapping of str
        Failed check -> its figures.
    timeline : str
        As from `detection_timeline`.
    seconds : float
        Length of the clip, s.
    """
    switches = warnings.get("identities_stable", {}).get("at_s")
    if switches:
        return float(switches[0])
    gaps = [(len(gap), -start) for start, gap in _gaps(timeline)]
    if not gaps:
        return seconds / 2
    length, start = max(gaps)
    return (length / 2 - start) / len(timeline) * seconds


def _gaps(timeline: str) -> list[tuple[int, str]]:
    """Return (start, digits) of the parts in which both dancers are found in less than half of the frames."""
    found, start = [], 0
    marked = "".join("x" if digit < "5" else " " for digit in timeline)
    for gap in marked.split(" "):
        if gap:
            found.append((start, gap))
        start += len(gap) + 1
    return found


def _times(seconds: list[float]) -> str:
    shown = ", ".join(f"{one:.1f}" for one in seconds[:5])
    return f"{shown} s" + (f" and {len(seconds) - 5} more times" if len(seconds) > 5 else "")
