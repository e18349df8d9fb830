"""Every threshold of tracking, with its unit and its measured reason.

Each step takes the part that it needs, by default from `DEFAULTS`. `benchmarks/pose/couple.py` measured the figures on
real and rendered clips (docs/couple.md). A "body height" is the height of a dancer's box. Log-odds are natural
logarithms. Sizes of tables (colour bins, sample grids) are in the modules that use them.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field

from bachata_assets.pose.camera_parameters import CameraParameters, ShotParameters
from bachata_assets.pose.detection_parameters import CloserParameters, DetectionParameters
from bachata_assets.pose.tracking.choice_parameters import ChoiceParameters, PairParameters, PeopleParameters


@dataclass(frozen=True)
class ActivityParameters:
    """Which places of the frame never change (`activity.py`)."""

    grid: int = 160
    """Longer side of the map, cells."""
    active_deviation: float = 16.0
    """Standard deviation of the grey level over time from which something certainly moves, 0..255."""
    still_share: float = 0.25
    """Share of `active_deviation` below which nothing moves."""
    middle_grey: float = 128.0
    dark_grey: float = 16.0
    """Deviations are multiplied by middle_grey / (mean + dark_grey) if that is above 1, because a dark place changes
    little when somebody in dark clothes moves in front of it."""
    fewest_frames: int = 8
    """Minimum number of frames to tell."""


@dataclass(frozen=True)
class ClothesParameters:
    """How well colours tell the dancers apart (`reidentification.py`)."""

    fewest_points: int = 4
    """Minimum number of visible points for a part of the body to count as seen."""
    clothes_apart_iou: float = 0.35
    """Maximum IoU of the dancers' boxes at which their colours are learned."""
    learning_rounds: int = 3
    """Maximum number of path searches with the colours learned from the previous path."""
    clustering_rounds: int = 10
    """Maximum number of two-means iterations."""
    smoothing: float = 0.01
    """Share added to every colour bin, so that one unseen bin decides nothing."""
    largest_log_ratio: float = 1.5
    """Limit of the mean log ratio of one part of the body."""
    fewest_pairs: int = 3
    """Maximum number of colour pairs that prove nothing."""
    enough_pairs: int = 10
    """Number of further pairs at which their evidence counts half."""
    least_deviation: float = 0.2
    """Minimum standard deviation of scores: pairs in one light do not show how much they vary in another."""
    doubtful_odds: float = 0.3
    """Log-odds that count as none: consecutive frames are alike, so a small bias would add up to a verdict."""
    certain_odds: float = 4.0
    """Limit of the log-odds by clothes in one frame."""
    others_clothes: float = 0.2
    """How much more a pose's clothes are like another person's than like a dancer's to be that person's. Somebody who
    walks past in front of a dancer shows less of such a difference."""


@dataclass(frozen=True)
class PathParameters:
    """Costs of the search for the couple's path (`tracks.py`).

    Clothes weigh little and movement much. With more weight on clothes, two dancers in black were exchanged for half of
    a real clip, and identity was right on 38 of 42 rendered clips instead of 41 (with corrected crossings).
    """

    missing_cost: float = 0.8
    """Cost of a missing dancer in one step; a candidate costs 1 - certainty, so a poor one is worse than none."""
    change_cost: float = 0.5
    """Cost of vanishing, and of coming back: one dancer rarely vanishes just as the other takes that place."""
    same_body_cost: float = 4.0
    """Cost of a pair whose poses lie on one body."""
    same_body_oks: float = 0.55
    """OKS of two poses at which half of `same_body_cost` applies."""
    same_body_ramp: float = 0.2
    """OKS below and above `same_body_oks` over which the cost rises from zero to full."""
    far_apart_cost: float = 1.0
    """Cost per body height between the pair's centres beyond one body height."""
    unlike_heights: float = 0.25
    """Log ratio of the pair's heights beyond which the difference costs."""
    still_cost: float = 4.0
    """Cost of a candidate where nothing ever moves."""
    motion_cost: float = 0.35
    """Cost of usual motion."""
    motion_cap: float = 12.0
    """Limit of the squared ratio of motion to usual motion."""
    usual_motion: float = 0.04
    """Constant part of usual motion, body heights."""
    usual_speed: float = 0.2
    """Part of usual motion that grows with time, body heights per second."""
    leap_cost: float = 4.0
    """Cost of a leap, a motion so large that it is another person."""
    leap: float = 0.3
    """Motion beyond which a leap begins, body heights."""
    leap_speed: float = 0.7
    """Growth of `leap` with time, body heights per second."""
    leap_ramp: float = 0.2
    """Further motion at which the leap costs in full, body heights."""
    colour_cost: float = 0.15
    """Cost per log-odds of the clothes."""


@dataclass(frozen=True)
class PoseParameters:
    """Which poses of a tracked dancer count (`dense.py`, `gaps.py`)."""

    believable_score: float = 0.2
    """Mean keypoint score from which a pose counts as found. At 0.25, both are found on 0.946 of the real frames
    instead of 0.985, with a mean error of 0.0459 instead of 0.046 body heights."""
    one_body_oks: float = 0.6
    """OKS of the two dancers' poses above which they lie on one body, and one of them is dropped."""
    expected_within_s: float = 1.0
    """Maximum time from a detection within which the box of a missing dancer is extrapolated, s."""
    longest_gap_s: float = 0.3
    """Maximum length of a gap to interpolate, s."""


@dataclass(frozen=True)
class CrossingParameters:
    """When the pose model mixes two crossing bodies (`crossings.py`)."""

    mixed_distance: float = 0.3
    """Distance of the trunks below which two poses may be mixed, body heights."""
    longest_crossing_s: float = 1.0
    """Maximum time that two dancers are near one another in a crossing; longer is an embrace, s."""
    uncertain_score: float = 0.45
    """Mean keypoint score below which a pose is moved to the paths of its joints."""
    reach_frames: int = 4
    """Number of frames before and after that define a joint's path."""


@dataclass(frozen=True)
class IdentitySwitchParameters:
    """When an identity switch is suspected (`identity_switches.py`)."""

    separate_iou: float = 0.35
    """IoU of the boxes below which the two are apart and clothes are compared."""
    longest_jump_s: float = 0.2
    """Maximum time between two frames that are compared for a jump, s."""
    jump: float = 0.12
    """Mean movement of both trunks between two frames from which a switch is tested, body heights; at 0.25, some
    switches within one frame are missed."""
    exchanged_share: float = 0.5
    """Maximum share of that movement that remains after an exchange of the two."""
    shortest_episode_s: float = 0.25
    """Minimum duration of an embrace or occlusion whose clothes are compared, s."""
    comparison_s: float = 1.0
    """Time before and after an episode in which clothes are compared, s; switches nearer than half of it are one."""
    confirming_odds: float = 1.0
    """Median log-odds from which clothes confirm who is who."""
    contradicted_s: float = 0.4
    """Minimum time for which clothes contradict, s."""


@dataclass(frozen=True)
class OcclusionParameters:
    """When a recovered pose counts (`occlusion_recovery.py`)."""

    room_samples: int = 24
    """Maximum number of frames for the empty room."""
    room_margin: float = 0.06
    """Margin around a dancer's box that does not count as room, share of the box."""
    largest_canvas: float = 4.0
    """Maximum width and height of the canvas for a moving camera's room, frames."""
    unlike_room: int = 40
    """Difference in any colour channel from which a pixel is not the room, 0..255."""
    recovered_score: float = 0.2
    """Mean keypoint score from which a pose found behind the partner counts."""
    least_remains: float = 0.015
    """Minimum share of the expected box that is neither room nor partner; with less, there is nothing to see."""
    partners_oks: float = 0.55
    """OKS with the partner's pose from which a pose is an artefact of the painting, unless the clothes disagree."""
    surely_partners_oks: float = 0.8
    """OKS from which it is an artefact whatever the clothes say."""
    fewest_parts: int = 3
    """Minimum number of parts of the body with visible colours for a verdict."""
    own_clothes: float = 1.0
    """Log-odds above which the colours are the hidden dancer's own."""
    foreign_clothes: float = -2.0
    """Log-odds below which they are somebody else's."""
    hidden_others_clothes: float = 0.05
    """`others_clothes` for a pose behind the partner, where somebody else may stand instead."""
    farthest: float = 0.25
    """Maximum distance of the found trunk from the expected place, body heights."""
    search_aside: float = 0.3
    """Maximum distance of the search to either side of the partner, body heights."""
    box_width: float = 0.42
    """Width of the box over its height."""
    extents: tuple[float, float] = (0.55, 1.4)
    """Minimum and maximum extent of a pose, heights of the expected box."""


@dataclass(frozen=True)
class PasserByParameters:
    """Who counts as walking past the couple (`passers_by.py`)."""

    sizes: tuple[float, float] = (0.75, 1.33)
    """Minimum and maximum height over the dancers' median height: others are farther away, or children."""
    person_score: float = 0.35
    """Mean of detector score and keypoint score from which there is a person."""
    own_box_distance: float = 0.25
    """Minimum distance from both dancers' centres, body heights; a nearer box may be a second one of a dancer."""
    near_distance: float = 1.5
    """Maximum distance from the nearer dancer's centre, body heights."""
    least_detections: int = 2
    """Minimum number of detections before a moment, and after it."""
    walked: float = 0.25
    """Minimum distance between the mean places before and after a moment, body heights: spectators stand still."""
    walk_window_s: float = 1.5
    """Time before and after a moment over which the place is averaged, s."""
    covering_iou: float = 0.2
    """IoU of a dancer's box and another person's from which one covers the other."""
    covering_s: float = 0.25
    """Minimum time of that, s: it is so in 11 of 16 drawn clips of a couple that crosses close behind."""


@dataclass(frozen=True)
class CueWeight:
    """How much one cue says about who leads.

    Attributes
    ----------
    spread : float
        Variation of the measure from clip to clip, in the measure's unit.
    weight : float
        Maximum log-odds that the cue contributes.
    """

    spread: float
    weight: float


@dataclass(frozen=True)
class CueWeights:
    """The weights of all cues, which `roles.py` measures.

    `training/role_weights.py` fitted them on 27 November 2026 (version 3).
    """

    taller_body: CueWeight = CueWeight(0.03, 3.34)
    fewer_turns: CueWeight = CueWeight(4.0, 0.97)
    behind_in_shadow: CueWeight = CueWeight(0.1, 0.61)


@dataclass(frozen=True)
class RoleParameters:
    """What decides who leads (`roles.py`)."""

    cues: CueWeights = CueWeights()
    fewest_common_frames: int = 5
    """Minimum number of frames with both dancers for the cues to count."""
    camera_height: float = 0.55
    """Height of the camera, in heights from ankle to chin: a phone on a tripod or a chair is below eye level. Any
    height from 0.45 to 0.7 finds the taller dancer in 84 or 85 of the 87 clips with known roles."""
    believed_score: float = 0.3
    """Minimum score of a joint whose position counts."""
    turned: float = 0.06
    """Signed shoulder width from which it is clear which way a dancer faces, body heights."""
    front_shoulders: float = 0.18
    """Signed shoulder width of a body seen from the front, body heights."""
    side_nose: float = 0.05
    """Distance of the nose from the ears of a body seen from the side, body heights."""
    nearness: float = 4.0
    """How much nearer a person is per body height that the feet are lower in the frame, seen from eye level."""
    same_way: float = 0.6
    """Cosine between two dancers' directions from which they face the same way."""
    in_line: float = 0.4
    """Cosine between that direction and the direction to the partner from which one is behind the other."""
    facing_score: float = 0.4
    """Mean keypoint score from which a pose shows which way its dancer faces."""


@dataclass(frozen=True)
class TrackingParameters:
    """All parameters for finding and tracking the couple, by topic; no two have the same name."""

    detection: DetectionParameters = field(default_factory=DetectionParameters)
    closer: CloserParameters = field(default_factory=CloserParameters)
    activity: ActivityParameters = ActivityParameters()
    clothes: ClothesParameters = ClothesParameters()
    people: PeopleParameters = field(default_factory=PeopleParameters)
    pairs: PairParameters = field(default_factory=PairParameters)
    choice: ChoiceParameters = field(default_factory=ChoiceParameters)
    path: PathParameters = PathParameters()
    poses: PoseParameters = PoseParameters()
    crossings: CrossingParameters = CrossingParameters()
    identity_switches: IdentitySwitchParameters = IdentitySwitchParameters()
    occlusions: OcclusionParameters = OcclusionParameters()
    passers_by: PasserByParameters = PasserByParameters()
    camera: CameraParameters = field(default_factory=CameraParameters)
    shots: ShotParameters = field(default_factory=ShotParameters)
    roles: RoleParameters = RoleParameters()

    def digest(self) -> str:
        """Return a hash of all values, 12 hexadecimal digits."""
        content = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


DEFAULTS = TrackingParameters()
"""The default parameters."""
