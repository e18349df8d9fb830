"""Who certainly does not belong to the couple: no dancer's pose may come from them."""

import numpy as np

from bachata_assets.pose.tracking.appearance import unlike_clothes
from bachata_assets.pose.tracking.choice_parameters import ChoiceParameters, PeopleParameters
from bachata_assets.pose.tracking.choosing.pairs import Pair, distances
from bachata_assets.pose.tracking.choosing.people import People
from bachata_assets.pose.tracking.parameters import TrackingParameters


def other_people(
    people: People, couple: Pair, apart: float, times: np.ndarray, parameters: TrackingParameters
) -> set[int]:
    """Return the people who are not part of the couple: seen beside both dancers, or where neither can have been.

    The tracker loses and finds dancers again, so a person who is neither of the couple's two may still be one of them.

    Parameters
    ----------
    people : People
        Everyone.
    couple : Pair
        The couple.
    apart : float
        Minimum distance from both dancers, body heights.
    times : np.ndarray
        float (S,), times of the steps, s.
    parameters : TrackingParameters
        Thresholds.
    """
    rest = set(range(len(people))) - set(couple.members)
    others = {
        number
        for number in rest
        if _is_beside(people, number, couple, apart, parameters)
        or _comes_from_elsewhere(people, number, couple, times, parameters.people)
    }
    return others | _dressed_as(people, sorted(rest - others), sorted(others), couple, parameters.choice)


def _dressed_as(
    people: People, unknown: list[int], others: list[int], couple: Pair, limits: ChoiceParameters
) -> set[int]:
    """Return the unknown people whose clothes are more like those of one of the others than like the dancers'."""
    if not others or not unknown:
        return set()
    of_couple, of_others = (
        unlike_clothes(people.clothes[unknown], people.clothes[list(known)]).min(axis=1)
        for known in (couple.members, others)
    )
    return {unknown[place] for place in np.flatnonzero(of_couple - of_others > limits.dressed_as)}


def _is_beside(people: People, number: int, couple: Pair, apart: float, parameters: TrackingParameters) -> bool:
    """Tell whether a person is seen at once with both dancers and beside them, or mostly far from both."""
    limits = parameters.choice
    one, other = couple.members
    aside = np.fmin(distances(people, number, one), distances(people, number, other))
    at_once = people.seen[[one, other, number]].all(axis=0)
    beside = at_once & (aside > apart)
    far = people.seen[number] & (aside > limits.far)
    return bool(
        beside.sum() >= max(limits.fewest_beside, 0.5 * at_once.sum()) or far.sum() > 0.5 * people.seen[number].sum()
    )


def _comes_from_elsewhere(
    people: People, number: int, couple: Pair, times: np.ndarray, limits: PeopleParameters
) -> bool:
    """Tell whether a person comes from, or goes to, a place where neither dancer of the couple can be at that time."""
    steps = np.flatnonzero(people.seen[number])
    return any(
        not any(_within_reach(people, number, dancer, step, known, times, limits) for dancer in couple.members)
        for step, known in ((steps[0], np.s_[: steps[0] + 1]), (steps[-1], np.s_[steps[-1] :]))
    )


def _within_reach(
    people: People, number: int, dancer: int, step: int, known: slice, times: np.ndarray, limits: PeopleParameters
) -> bool:
    """Tell whether a person may be a dancer in a step, by where the dancer is nearest in time among the known steps."""
    seen = np.arange(people.seen.shape[1])[known][people.seen[dancer, known]]
    if not seen.size:
        return True
    nearest = seen[np.abs(seen - step).argmin()]
    moved = np.linalg.norm(people.trunks[number, step] - people.trunks[dancer, nearest])
    height = max(people.heights[number, step], people.heights[dancer, nearest])
    return bool(moved <= height * (limits.reach + limits.reach_speed * abs(times[step] - times[nearest])))
