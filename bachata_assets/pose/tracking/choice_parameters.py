"""Thresholds and weights for choosing the couple among everyone, with units and measured reasons.

`tracking/parameters.py` has the other parameters of tracking. "Steps" are frames on which the detector ran, 7.5 per
second. The figures were measured on the 14 real clips, and on eight made of two of them side by side or of one beside
its mirror image (docs/couple.md).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PeopleParameters:
    """How `choosing/people.py` follows everyone in a clip."""

    least_certainty: float = 0.3
    """Mean of detector score and keypoint score from which a candidate is a person."""
    one_body: float = 0.5
    """OKS of two candidates above which they are two poses of one body."""
    reach: float = 0.3
    reach_speed: float = 0.7
    """Maximum motion of a body's middle: body heights, and body heights per second. Beyond, it is another person."""
    largest_growth: float = 0.6
    """Maximum log ratio of two heights of one person, including raised arms and cut-off legs."""
    size_cost: float = 0.5
    """Cost per unit of that log ratio; the maximum motion of a body costs 1."""
    clothes_cost: float = 5.0
    """Cost of entirely different clothes. In 8 drawn clips of crossing couples, the nearest mean colours are somebody's
    own for 88 to 95 % of the candidates."""
    new_person: float = 1.0
    """Cost from which it is another person."""
    doubt: float = 0.15
    """Minimum difference between the cost of the best match and of every other match of the two; with less, it is in
    doubt and the tracklet ends."""
    remembered_s: float = 0.3
    """Maximum time to follow an unseen person, s; people who return later are recognised by their clothes."""
    covered_iou: float = 0.3
    """IoU with another person's box from which colours may be the other's."""
    latest: int = 6
    """Number of latest steps whose colours are a person's present ones."""
    like_clothes: float = 0.2
    """Mean difference of clothes up to which tracklets are one person: 0.1 to 0.4 between people in drawn clips."""
    never: float = 1e6
    """Difference of tracklets that cannot be one person."""
    most_tracklets: int = 3000
    """Maximum number of tracklets to join, the longest first. All pairs are compared, which takes 0.5 GB for so many.
    Real embraces have up to 0.6 tracklets per step, so that is about ten minutes."""
    fewest_steps: int = 6
    """Minimum number of steps (0.8 s) in which a person must be seen to count."""


@dataclass(frozen=True)
class PairParameters:
    """Evidence that two people are partners, or that one is a mirror image (`pairs.py`)."""

    fewest_common_steps: int = 6
    """Minimum number of steps in which both are seen."""
    near: float = 0.8
    """Distance of the trunks below which two people are near, body heights; 0.1 to 0.6 for partners."""
    hands_together: float = 0.15
    """Distance of the nearest hands below which two people hold each other, body heights."""
    together: float = 6.0
    """Weight of being near and holding each other all the time."""
    half_seen: float = 0.2
    """Share of the steps with both in sight at which `together` counts half: one may hide the other for long."""
    steadily_seen: float = 2.0
    """Weight of at least one of them being seen all the time."""
    facing: float = 0.5
    """Weight of facing each other all the time; partners in shadow position never do."""
    size: float = 1.5
    """Weight of the log ratio of their height to that of the tallest person."""
    unlike_sizes: float = 2.0
    usual_difference: float = 0.3
    """Weight of the log ratio of their heights, beyond the usual ratio of partners."""
    aside: float = 1.0
    """Weight of being at the frame's edge instead of its middle, times two."""
    certain: float = 1.0
    """Weight of detector scores and keypoint scores, which are lower where the frame is out of focus."""
    moving: float = 2.0
    """Weight of standing where the frame never changes."""
    fewest_image_steps: int = 15
    """Minimum number of steps (2 s) in which a person and the mirror image are both seen."""
    image_pose: float = 0.045
    """Maximum median distance of joints from the mirrored pose, body heights; 0.01 to 0.02 if of equal size."""
    image_limbs: float = 0.7
    image_path: float = 0.9
    """Minimum correlation of the paths of limbs and body: 0.85 and 0.96 or more in mirror images, at most 0.56 and 0.6
    between people who are not partners."""


@dataclass(frozen=True)
class ChoiceParameters:
    """Which pair is the clip's couple, and who is certainly not part of it (`choice.py`)."""

    least_activity: float = 0.5
    """Mean activity under a person below which it is furniture, a picture or a spectator."""
    apart: float = 0.35
    """Minimum distance from both dancers of a person who is seen with both and is neither, body heights; a nearer one
    may be a second pose of a dancer."""
    far: float = 1.5
    """Distance from the nearer dancer from which a person is not part of the couple, even if a dancer is hidden."""
    fewest_beside: int = 3
    """Minimum number of steps in which a person is seen beside both."""
    dressed_as: float = 0.1
    """How much more a person's clothes are like another's than like the dancers' to be that other person."""
    couple_together: float = 0.6
    """Mean of being near and holding each other from which two are a couple; 0.85 or more for couples side by side."""
    as_present: float = 0.1
    """Maximum log ratio of size times certainty at which a mirror image may be as large and certain as the person."""
    told_window_s: float = 0.3
    """Time before and after the moment of an annotation's box in which people in it count, s."""
    least_together: float = 0.1
    """Share of the frames with both dancers below which one person dances alone, if no two were seen together."""
    turned_looks: int = 4
    """Number of frames to turn if people are not found well."""
    upright: float = 0.9
    """Summed certainty of the two most certain persons from which a video is upright: 0.84 to 1.5 in 89 real clips, 0.4
    to 0.9 in the same clips turned. Below it, turned frames are compared."""
    upright_when_turned: float = 0.8
    turned_better: float = 1.25
    """That certainty from which turned frames show people, and its minimum ratio to the certainty before: 1.5 or more
    in clips that were turned, 0.7 at most in upright ones."""
    alone: float = 4.0
    """Weight at which the only pair is as likely no couple."""
    sharpness: float = 1.5
    """Log-odds per unit of weight between two pairs."""
    change_window_s: float = 1.5
    """Averaging window of being together, to find who dances with whom, s."""
    more_together: float = 0.35
    """How much more a dancer is together with somebody else when the couple has parted: a partner who waits nearby is
    still near, but holds nobody."""
    shortest_change_s: float = 1.5
    """Minimum time with another partner, s."""
