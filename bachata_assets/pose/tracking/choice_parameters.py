"""Thresholds and weights of choosing the couple among everyone, with their units and measured reasons.

The other parameters of tracking, and how they are taken: `tracking/parameters.py`. "Steps" are frames on which the
detector ran, 7.5 a second. Measured on the 14 real clips, on eight made of two of them side by side or of one beside
its mirror image (docs/couple.md).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PeopleParameters:
    """How everyone in a clip is followed (`choosing/people.py`)."""

    least_certainty: float = 0.3
    """Mean of the detector's and the keypoints' scores from which a candidate is somebody."""
    one_body: float = 0.5
    """OKS of two candidates above which they are two poses of one body."""
    reach: float = 0.3
    reach_speed: float = 0.7
    """Farthest that a body's middle moves: body heights, and body heights per second; beyond, it is somebody else."""
    largest_growth: float = 0.6
    """Log ratio of two heights beyond which they are not one person's, arms up or legs cut off included."""
    size_cost: float = 0.5
    """Cost per unit of that log ratio; moving as far as a body can costs 1."""
    clothes_cost: float = 1.5
    """Cost of entirely other clothes."""
    memory: float = 0.8
    """Share of what was known of clothes and size that is kept in each step."""
    remembered_s: float = 0.6
    """Longest time that somebody is followed without being seen, s."""
    longest_absence_s: float = 6.0
    """Longest time after which somebody is known again, s."""
    farthest_return: float = 1.5
    """Farthest that somebody comes back from where they were last seen, body heights."""
    new_person: float = 1.2
    """Cost of being somebody new."""
    never: float = 1e6
    """Cost of what is not possible."""
    fewest_joined: int = 2
    """Fewest steps of a piece of a track that is joined with others."""
    fewest_steps: int = 6
    """Fewest steps (0.8 s) in which somebody is seen who counts as being there."""


@dataclass(frozen=True)
class PairParameters:
    """What speaks for two people being partners, and for an image in a mirror (`pairs.py`)."""

    fewest_common_steps: int = 6
    """Fewest steps in which both are seen."""
    near: float = 0.8
    """Distance of the trunks below which two people are near, body heights; of partners it is 0.1 to 0.6."""
    hands_together: float = 0.15
    """Distance of the nearest hands below which two hold each other, body heights."""
    together: float = 6.0
    """Weight of being near and holding each other all the time."""
    half_seen: float = 0.2
    """Share of the steps with both in sight at which that counts half: one partner may hide the other for long."""
    steadily_seen: float = 2.0
    """Weight of one of them at least being seen all the time."""
    facing: float = 0.5
    """Weight of facing each other all the time; in a shadow position partners never do."""
    size: float = 1.5
    """Weight of the log ratio of their height to that of the tallest person."""
    unlike_sizes: float = 2.0
    usual_difference: float = 0.3
    """Weight of the log ratio of their heights, beyond that of partners."""
    aside: float = 1.0
    """Weight of being at the picture's edge and not in its middle, times two."""
    certain: float = 1.0
    """Weight of the detector's and the keypoints' scores, which fall where the picture is not sharp."""
    moving: float = 2.0
    """Weight of standing where the picture never changes."""
    fewest_image_steps: int = 15
    """Fewest steps (2 s) in which a person and the image are seen at once."""
    image_pose: float = 0.045
    """Median distance of the joints from the mirrored pose's, body heights: 0.01 to 0.02 in an image of equal size."""
    image_limbs: float = 0.7
    image_path: float = 0.9
    """Correlations of the paths of limbs and body: 0.85 and 0.96 or more in images, at most 0.56 and 0.6 between people
    who are no partners."""


@dataclass(frozen=True)
class ChoiceParameters:
    """Which pair is the clip's couple, and who is certainly not of it (`choice.py`)."""

    least_activity: float = 0.5
    """Mean activity of the places under somebody below which it is furniture, a picture, or someone who watches."""
    apart: float = 0.35
    """Distance from both dancers, body heights, at which somebody seen at once with both is neither; what is nearer may
    be a second pose of one of them."""
    far: float = 1.5
    """Distance from the nearer dancer at which somebody is not of the couple, even when one of them is hidden."""
    fewest_beside: int = 3
    """Fewest steps in which somebody is seen beside both."""
    couple_together: float = 0.6
    """Mean of being near and holding each other from which two are a couple; 0.85 or more in couples side by side."""
    as_present: float = 0.1
    """Log ratio of size times certainty up to which a mirror image may be as large and sure as the person."""
    told_window_s: float = 0.3
    """Time before and after the moment of an annotation's box in which people count as in it, s."""
    least_together: float = 0.1
    """Share of the frames with both dancers below which one person dances alone, where no two were seen together."""
    turned_looks: int = 4
    """Number of pictures that are turned where people are not found well."""
    upright: float = 0.9
    """Certainty of the two surest persons together from which a video is upright; 0.84 to 1.5 in 89 real clips, 0.4 to
    0.9 in such clips turned: below it the pictures are turned, and compared."""
    upright_when_turned: float = 0.8
    turned_better: float = 1.25
    """That certainty from which turned pictures show people, and how much surer than before: 1.5 times or more in clips
    that were turned, 0.7 times at most in upright ones."""
    alone: float = 4.0
    """Weight at which a pair that is the only one is as likely no couple."""
    sharpness: float = 1.5
    """Log-odds per unit of weight between two pairs."""
    change_window_s: float = 1.5
    """Time over which being together is averaged to find who dances with whom, s."""
    parted: float = 0.3
    """Mean of being together below which the two have parted."""
    shortest_change_s: float = 1.5
    """Shortest time with another partner, s."""
