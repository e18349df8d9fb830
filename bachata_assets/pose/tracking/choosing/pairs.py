"""Pairs of people, weighed over the whole clip: who dances with whom.

Partners hold each other. In the real clips, partners' hands are within `hands_together` on 0.4 to 1.0 of the frames,
other people's on at most 0.06. A mirror image does the same as the person at the same time, mirrored. `choice.py` uses
the weights.
"""

from dataclasses import dataclass, replace

import numpy as np

from bachata_assets.pose.skeleton import ANKLES, EARS, ELBOWS, HIPS, KNEES, MIRRORED, WRISTS, Joint
from bachata_assets.pose.tracking.choice_parameters import PairParameters
from bachata_assets.pose.tracking.choosing.people import People
from bachata_assets.pose.tracking.parameters import DEFAULTS

_MOVING = [*ELBOWS, *WRISTS, *HIPS, *KNEES, *ANKLES]
"""Joints whose paths distinguish a mirror image from a person with similar movements."""


@dataclass(frozen=True)
class Pair:
    """Two people, and the evidence that they are the couple.

    Attributes
    ----------
    members : tuple of int
        Indices of the two people.
    together : np.ndarray
        float (S,), 1 where the two are near and hold each other, 0 where they are apart, NaN unless both are seen.
    weights : dict
        Kind of evidence -> what it adds to the pair's weight.
    """

    members: tuple[int, int]
    together: np.ndarray
    weights: dict[str, float]

    @property
    def weight(self) -> float:
        """The sum of all weights."""
        return sum(self.weights.values())


def weigh_pairs(people: People, size: tuple[int, int], parameters: PairParameters = DEFAULTS.pairs) -> list[Pair]:
    """Return all pairs that are seen at once for long enough, the highest weight first.

    Parameters
    ----------
    people : People
        Everyone.
    size : tuple of int
        Width and height of the frames, px.
    parameters : PairParameters
        Thresholds and weights.
    """
    pairs = []
    for one in range(len(people)):
        for other in range(one + 1, len(people)):
            common = (people.seen[one] & people.seen[other]).sum()
            if common >= min(parameters.fewest_common_steps, (people.seen.shape[1] + 1) // 2):
                pairs.append(_weighed(people, one, other, size, parameters))
    return sorted(pairs, key=lambda pair: -pair.weight)


def _weighed(people: People, one: int, other: int, size: tuple[int, int], parameters: PairParameters) -> Pair:
    members = [one, other]
    both = people.seen[members].all(axis=0)
    height = float(np.nanmedian(people.heights[members]))
    tallest = float(np.nanmax(np.nanmedian(people.heights, axis=1)))
    near = distances(people, one, other) < parameters.near
    holding = _hands_apart(people, one, other) / height < parameters.hands_together
    together = np.where(both, 0.5 * near + 0.5 * (near & holding), np.nan)
    aside = abs(float(np.nanmean(people.trunks[members][..., 0])) / size[0] - 0.5)
    unlike = abs(float(np.log(np.divide(*np.nanmedian(people.heights[members], axis=1)))))
    return Pair(
        (one, other),
        together,
        {
            "together": _weight_together(together, parameters),
            "seen": parameters.steadily_seen * float(people.seen[members].any(axis=0).mean()),
            "facing": parameters.facing * _facing(people, one, other),
            "size": parameters.size * np.log(height / tallest),
            "unlike sizes": -parameters.unlike_sizes * max(0.0, unlike - parameters.usual_difference),
            "middle": -parameters.aside * aside,
            "certain": parameters.certain * float(people.certainty[members].mean()),
            "moving": parameters.moving * float(people.activity[members].min() - 1),
        },
    )


def _weight_together(together: np.ndarray, parameters: PairParameters) -> float:
    share = float((~np.isnan(together)).mean())
    return parameters.together * float(np.nanmean(together)) * share / (share + parameters.half_seen)


def only_couple(couple: Pair, pairs: list[Pair], parameters: PairParameters = DEFAULTS.pairs) -> Pair:
    """Return the couple of a clip with nobody else in it: any two people seen at once are the two dancers.

    In an embrace the tracks of the two break and exchange.

    Parameters
    ----------
    couple : Pair
        The couple.
    pairs : list of Pair
        All pairs of people, the couple too.
    parameters : PairParameters
        Weights.
    """
    together = np.fmax.reduce([pair.together for pair in pairs])
    return replace(couple, weights=couple.weights | {"together": _weight_together(together, parameters)})


def distances(people: People, one: int, other: int) -> np.ndarray:
    """Return the distance of two people's trunks, float (S,), in their mean height; NaN unless both are seen."""
    apart = np.linalg.norm(people.trunks[one] - people.trunks[other], axis=-1)
    return np.asarray(apart / np.nanmedian(people.heights[[one, other]]))


def _hands_apart(people: People, one: int, other: int) -> np.ndarray:
    """Return the distance of the nearest hands of two people, float (S,), px."""
    hands = people.keypoints[:, :, WRISTS, :2]
    gaps = np.linalg.norm(hands[one][:, :, None] - hands[other][:, None], axis=-1)
    nearest: np.ndarray = gaps.min(axis=(1, 2))
    return nearest


def _facing(people: People, one: int, other: int) -> float:
    """Return how much two people face each other, -1..1, by the side of the ears on which their noses are."""
    points = people.keypoints[[one, other]]
    nose = points[:, :, Joint.NOSE, 0] - points[:, :, EARS, 0].mean(axis=-1)
    turned = np.clip(nose / (0.05 * np.nanmedian(people.heights[[one, other]])), -1, 1)
    side = np.sign(people.trunks[other][:, 0] - people.trunks[one][:, 0])
    return float(np.nanmean((turned[0] - turned[1]) * side)) / 2


def is_image(people: People, one: int, other: int, parameters: PairParameters = DEFAULTS.pairs) -> bool:
    """Tell whether one of two people is the other's mirror image.

    The poses match with left and right exchanged, and the limbs and the whole body move the same way at the same time.
    In a mirror beside a person, a motion to the left goes to the right; in a mirror behind, it goes to the left.
    Partners who dance mirrored steps match as well, but they hold each other.
    """
    both = people.seen[one] & people.seen[other]
    if (
        both.sum() < parameters.fewest_image_steps
        or np.median(distances(people, one, other)[both]) < parameters.near / 2
    ):
        return False
    return any(_mirrors(people, one, other, both, sideways, parameters) for sideways in (-1, 1))


def _mirrors(people: People, one: int, other: int, both: np.ndarray, sideways: int, parameters: PairParameters) -> bool:
    """Tell whether the other is the image in a mirror beside (-1) or behind (1)."""
    turn = np.array([sideways, 1])
    height = np.nanmedian(people.heights, axis=1)
    own, image = people.keypoints[one][both], people.keypoints[other][both][:, MIRRORED]
    centre = [people.trunks[number][both][:, None] for number in (one, other)]
    pose, mirrored = (own[..., :2] - centre[0]) / height[one], (image[..., :2] - centre[1]) * turn / height[other]
    weight = np.sqrt(own[..., 2] * image[..., 2])
    apart = (np.linalg.norm(pose - mirrored, axis=-1) * weight).sum(axis=1) / weight.sum(axis=1)
    if np.median(apart) > parameters.image_pose:
        return False
    limbs = _correlation(pose[:, _MOVING], mirrored[:, _MOVING])
    path = _correlation(centre[0][:, 0] / height[one], centre[1][:, 0] * turn / height[other])
    return limbs > parameters.image_limbs and path > parameters.image_path


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the correlation over time of two sets of paths (M, ...), each relative to its own mean."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-9))
