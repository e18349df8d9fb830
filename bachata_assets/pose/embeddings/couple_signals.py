"""30 named signals of the two dancers together over time.

Lengths are in torsos. `couple_events.py` has events such as turns; `summaries.py` turns signals into numbers.
"""

import numpy as np

from bachata_assets.pose.embeddings.body_signals import INDEX, centred, middle, torso_length

SIDES = ("left", "right")


def couple_signals(joints: np.ndarray) -> dict[str, np.ndarray]:
    """Return the signals of a couple.

    Parameters
    ----------
    joints : np.ndarray
        float (N, 2, 17, 2), px, (lead, follow), NaN where not seen.

    Returns
    -------
    dict
        Name -> float (N,), 30 of them; lengths in torsos (mean of the two dancers'), y upwards, NaN where unknown.
    """
    lengths = np.array([torso_length(joints[:, i]) for i in (0, 1)])
    known = lengths[np.isfinite(lengths)]
    length = known.mean() if known.size else np.nan
    lead, follow = np.moveaxis(joints * np.array([1.0, -1.0]) / length, 1, 0)
    return {
        **_distances(lead, follow),
        **_facing(lead, follow),
        **_hands_to_hands(lead, follow),
        **_hands_to_body("lead", lead, follow),
        **_hands_to_body("follow", follow, lead),
    }


def chest(joints: np.ndarray) -> np.ndarray:
    """Return the middle of shoulders and hips, float (N, 2), of joints, float (N, 17, 2)."""
    return np.asarray((middle(joints, "shoulder") + middle(joints, "hip")) / 2)


def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the distance between two points (N, 2), float (N,)."""
    return np.asarray(np.linalg.norm(a - b, axis=-1))


def _distances(lead: np.ndarray, follow: np.ndarray) -> dict[str, np.ndarray]:
    across = chest(follow) - chest(lead)
    place = centred((chest(follow) + chest(lead)) / 2)
    ankles = [middle(dancer, "ankle")[:, 1] for dancer in (lead, follow)]
    return {
        "follow to the right of lead": across[:, 0],
        "apart sideways": np.abs(across[:, 0]),
        "apart": np.linalg.norm(across, axis=-1),
        "heads apart": apart(lead[:, INDEX["nose"]], follow[:, INDEX["nose"]]),
        "follow's head above lead's": follow[:, INDEX["nose"], 1] - lead[:, INDEX["nose"], 1],
        "follow behind lead": ankles[1] - ankles[0],
        "couple's place x": place[:, 0],
        "couple's place y": place[:, 1],
    }


def _facing(lead: np.ndarray, follow: np.ndarray) -> dict[str, np.ndarray]:
    """Return the signals of where the dancers face: a positive shoulder width faces the camera, 0 is sideways."""
    width = [d[:, INDEX["left shoulder"], 0] - d[:, INDEX["right shoulder"], 0] for d in (lead, follow)]
    face = [d[:, INDEX["nose"], 0] - middle(d, "ear")[:, 0] for d in (lead, follow)]
    side = np.tanh(2 * (chest(follow) - chest(lead))[:, 0])
    return {
        "lead faces the camera": width[0],
        "follow faces the camera": width[1],
        "both face the same way": width[0] * width[1],
        "lead looks at follow": face[0] * side,
        "follow looks at lead": -face[1] * side,
    }


def _hands_to_hands(lead: np.ndarray, follow: np.ndarray) -> dict[str, np.ndarray]:
    gaps = {
        f"lead's {a} hand to follow's {b}": apart(lead[:, INDEX[f"{a} wrist"]], follow[:, INDEX[f"{b} wrist"]])
        for a in SIDES
        for b in SIDES
    }
    return {**gaps, "nearest hands": np.fmin.reduce(list(gaps.values()))}


def _hands_to_body(who: str, dancer: np.ndarray, partner: np.ndarray) -> dict[str, np.ndarray]:
    places = {
        "head": partner[:, INDEX["nose"]],
        "shoulders": middle(partner, "shoulder"),
        "hips": middle(partner, "hip"),
    }
    return {
        f"{who}'s {side} hand to partner's {place}": apart(dancer[:, INDEX[f"{side} wrist"]], point)
        for side in SIDES
        for place, point in places.items()
    }
