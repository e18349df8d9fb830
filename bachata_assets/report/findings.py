"""What needs a person's eye, in the words of a person: one sentence for each check that a clip does not pass.

The checks' limits and remedies are in `pipeline/checks.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any

Figures = Mapping[str, Any]

_SENTENCES: Mapping[str, Callable[[Figures], str]] = {
    "quality_at_least_half": lambda said: f"Quality {said['quality_score']:.2f} is below {said['at_least']:g}.",
    "both_dancers_found": lambda said: f"Both dancers are found in only {said['detection_rate']:.0%} of the frames.",
    "lead_follow_certain": lambda said: f"Unclear who leads ({said['role_confidence']:.0%} sure).",
    "identities_stable": lambda said: f"The dancers may have been taken for one another at {_times(said['at_s'])}.",
    "tempo_as_annotated": lambda said: (
        f"The annotation says {said['annotated']:.0f} beats per minute, the music has {said['heard']:.0f}."
    ),
}
_PICTURE = ("quality_at_least_half", "both_dancers_found", "lead_follow_certain", "identities_stable")
_PRESENT = "_embedding_present"


def say(check: str, figures: Figures) -> str:
    """Return what a check that was not passed means, one sentence.

    Parameters
    ----------
    figures : what the check said beside its answer
    """
    try:
        if check.endswith(_PRESENT):
            return f"No {check.removesuffix(_PRESENT)} vector: {figures['reason']}."
        return _SENTENCES[check](figures)
    except (KeyError, TypeError, ValueError):
        # A check that is new here, or an answer from before it said these figures.
        numbers = [f"{name} {value:.3g}" for name, value in figures.items() if isinstance(value, int | float)]
        return f"{check.replace('_', ' ')}: no{' (' + ', '.join(numbers) + ')' if numbers else ''}."


def is_of_the_picture(check: str) -> bool:
    """Tell whether looking at the clip answers the question."""
    return check in _PICTURE


def moment(warnings: Mapping[str, Figures], timeline: str, seconds: float) -> float:
    """Return the time (s) in a clip that is most worth a look.

    That is a suspected identity switch, else the middle of the longest part in which a dancer is not found, else the
    middle.

    Parameters
    ----------
    timeline : of `timeline.detection_timeline`
    seconds : length of the clip
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
