"""Every threshold of tracking, with its unit and its measured reason.

Steps take the part that they need, by default of `DEFAULTS`. Figures in the reasons were measured by
`benchmarks/pose/couple.py` on real and drawn clips (docs/couple.md). "Body heights" are the height of a dancer's box.
Log-odds are natural logarithms. Sizes of tables (colour bins, sample grids) are not here but where they are used.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field

from bachata_assets.pose.camera_parameters import CameraParameters, ShotParameters
from bachata_assets.pose.detection_parameters import CloserParameters, DetectionParameters
from bachata_assets.pose.tracking.choice_parameters import ChoiceParameters, PairParameters, PeopleParameters


@dataclass(frozen=True)
class ActivityParameters:
    """Which places of the picture never change (`activity.py`)."""

    grid: int = 160
    """Longer side of the map, cells."""
    active_deviation: float = 16.0
    """Standard deviation of the grey level over time from which something surely moves, 0..255."""
    still_share: float = 0.25
    """Share of that below which nothing moves."""
    middle_grey: float = 128.0
    dark_grey: float = 16.0
    """Deviations are multiplied by middle_grey / (mean + dark_grey) where that is above 1: what is dark changes little
    when someone dark moves before it."""
    fewest_frames: int = 8
    """Frames that must be seen to tell."""


@dataclass(frozen=True)
class ClothesParameters:
    """How far colours tell the dancers apart (`reidentification.py`)."""

    fewest_points: int = 4
    """Points in sight below which a part of the body counts as not seen."""
    clothes_apart_iou: float = 0.35
    """IoU of the dancers' boxes above which their colours are not learned."""
    learning_rounds: int = 3
    """Most often that the path is searched again with the colours learned from it."""
    clustering_rounds: int = 10
    """Most iterations of two-means."""
    smoothing: float = 0.01
    """Share added to every colour bin, so that one unseen bin decides nothing."""
    largest_log_ratio: float = 1.5
    """Largest mean log ratio of one part of the body that counts."""
    fewest_pairs: int = 3
    """Number of pairs of colours that say nothing."""
    enough_pairs: int = 10
    """With this many pairs more, half of what they say is believed."""
    least_deviation: float = 0.2
    """Smallest standard deviation of scores: pairs seen in one light say nothing of how much they vary in another."""
    doubtful_odds: float = 0.3
    """Log-odds that say nothing: frames follow each other closely, so a small bias would add up to a verdict."""
    certain_odds: float = 4.0
    """Largest log-odds that the clothes in one frame give."""


@dataclass(frozen=True)
class PathParameters:
    """Costs of the search for the couple's path (`tracks.py`).

    Clothes weigh little and movement much: while clothes weighed more, two dancers in black were exchanged for half of
    a real clip, and identity was right on 38 of 42 drawn clips instead of 41 (with crossings settled, too).
    """

    missing_cost: float = 0.8
    """Cost of not seeing a dancer in one step; a candidate costs 1 - certainty, so a poor one is worse than none."""
    change_cost: float = 0.5
    """Cost of vanishing, and again of coming back: one dancer rarely vanishes just as the other takes that place."""
    same_body_cost: float = 4.0
    """Cost of a pair whose poses lie on one body."""
    same_body_oks: float = 0.55
    """OKS of two poses at which half of that is due."""
    same_body_ramp: float = 0.2
    """OKS below and above that over which the cost rises from nothing to all."""
    far_apart_cost: float = 1.0
    """Cost per body height between the pair's centres beyond one body height."""
    unlike_heights: float = 0.25
    """Log ratio of the pair's heights beyond which the difference is a cost."""
    still_cost: float = 4.0
    """Cost of a candidate where nothing ever moves."""
    motion_cost: float = 0.35
    """Cost of usual motion."""
    motion_cap: float = 12.0
    """Largest square of motion over usual motion that counts."""
    usual_motion: float = 0.04
    """Part of usual motion that does not depend on time, body heights."""
    usual_speed: float = 0.2
    """Part of usual motion that grows with time, body heights per second."""
    leap_cost: float = 4.0
    """Cost of a leap: of motion after which it is somebody else."""
    leap: float = 0.3
    """Motion beyond which a leap begins, body heights."""
    leap_speed: float = 0.7
    """What is added to that by time, body heights per second."""
    leap_ramp: float = 0.2
    """Body heights farther at which the leap costs in full."""
    colour_cost: float = 0.15
    """Cost per log-odds of the clothes."""


@dataclass(frozen=True)
class PoseParameters:
    """Which poses of a tracked dancer count (`dense.py`, `gaps.py`)."""

    believable_score: float = 0.2
    """Mean keypoint score from which a pose counts as found; at 0.25 both are found on 0.946 of the real frames instead
    of 0.985, for a mean error of 0.0459 instead of 0.046 body heights."""
    one_body_oks: float = 0.6
    """OKS of the two dancers' poses above which they lie on one body, and one of them is dropped."""
    expected_within_s: float = 1.0
    """Longest time from a detection for which the box of a missing dancer is guessed, s."""
    longest_gap_s: float = 0.3
    """Longest gap that is bridged, s."""


@dataclass(frozen=True)
class CrossingParameters:
    """When the pose model mixes two bodies that pass (`crossings.py`)."""

    mixed_distance: float = 0.3
    """Distance of the trunks below which two poses may be mixed, body heights."""
    longest_crossing_s: float = 1.0
    """Longest time that the two are near one another except in an embrace, s."""
    uncertain_score: float = 0.45
    """Mean keypoint score below which a pose is laid on the path of its joints."""
    reach_frames: int = 4
    """Frames before and after that say where a joint is."""


@dataclass(frozen=True)
class IdentitySwitchParameters:
    """When an exchange of the two is suspected (`identity_switches.py`)."""

    separate_iou: float = 0.35
    """IoU of the boxes below which the two stand apart, and clothes are compared."""
    longest_jump_s: float = 0.2
    """Longest time between two frames that are compared for a jump, s."""
    jump: float = 0.12
    """Mean movement of both trunks between two frames that asks for another explanation, body heights; at 0.25 some
    exchanges within one frame are not noticed."""
    exchanged_share: float = 0.5
    """Share of that movement below which the movement must be when the two are exchanged."""
    shortest_episode_s: float = 0.25
    """Shortest embrace or occlusion whose clothes are compared, s."""
    comparison_s: float = 1.0
    """Time before and after an episode in which clothes are compared, s; switches nearer than half of it are one."""
    confirming_odds: float = 1.0
    """Median log-odds from which clothes confirm who is who."""
    contradicted_s: float = 0.4
    """Shortest time for which clothes contradict, s."""


@dataclass(frozen=True)
class OcclusionParameters:
    """What is believed of a hidden dancer (`occlusion_recovery.py`)."""

    room_samples: int = 24
    """Largest number of frames of which the empty room is made."""
    room_margin: float = 0.06
    """Share of a dancer's box added around it before its pixels count as room."""
    largest_canvas: float = 4.0
    """Largest width and height of the canvas on which a moving camera's room is put together, in frames."""
    unlike_room: int = 40
    """Difference in any colour channel from which a pixel is not the room, 0..255."""
    recovered_score: float = 0.2
    """Mean keypoint score from which a pose found behind the partner counts."""
    least_remains: float = 0.015
    """Share of the expected box that is neither room nor partner: with less there is nothing to see."""
    partners_oks: float = 0.55
    """OKS with the partner's pose from which a pose is a trace of the painting, unless the clothes say otherwise."""
    surely_partners_oks: float = 0.8
    """OKS from which it is one, whatever the clothes say."""
    fewest_parts: int = 3
    """Parts of the body whose colours must be in sight to say anything."""
    own_clothes: float = 1.0
    """Log-odds above which the colours are the hidden dancer's own."""
    foreign_clothes: float = -2.0
    """Log-odds below which they are somebody else's."""
    farthest: float = 0.25
    """Distance of the found trunk from the expected place, body heights."""
    search_aside: float = 0.3
    """Farthest that a hidden dancer is looked for to either side of the partner, body heights."""
    box_width: float = 0.42
    """Width of the box, in its height."""
    extents: tuple[float, float] = (0.55, 1.4)
    """Smallest and largest extent of a pose, in heights of the expected box."""


@dataclass(frozen=True)
class PasserByParameters:
    """Who counts as walking past the couple (`passers_by.py`)."""

    sizes: tuple[float, float] = (0.75, 1.33)
    """Smallest and largest height, in the dancers' median height: others stand farther off, or are children."""
    person_score: float = 0.35
    """Mean of the detector's and the keypoints' scores from which somebody is there."""
    own_box_distance: float = 0.25
    """Distance from both dancers' centres, body heights: what is nearer may be a second box of one of them."""
    near_distance: float = 1.5
    """Distance from the nearer dancer's centre, body heights."""
    least_detections: int = 2
    """Smallest number of detections before a moment, and after it."""
    walked: float = 0.25
    """Distance of the mean place before and after a moment, body heights: spectators stand still."""
    walk_window_s: float = 1.5
    """Time before and after a moment over which the place is averaged, s."""


@dataclass(frozen=True)
class CueWeight:
    """How much one sign says of who leads.

    Attributes
    ----------
    spread : float
        How much the measure differs from clip to clip, in the measure's unit.
    weight : float
        The most that the cue says, log-odds.
    """

    spread: float
    weight: float


@dataclass(frozen=True)
class CueWeights:
    """Every sign of who leads; what each measures is in `roles.py`.

    The weights are of version 3, 27 November 2026, fitted by `training/role_weights.py`.
    """

    taller_body: CueWeight = CueWeight(0.03, 3.34)
    fewer_turns: CueWeight = CueWeight(4.0, 0.97)
    behind_in_shadow: CueWeight = CueWeight(0.1, 0.61)


@dataclass(frozen=True)
class RoleParameters:
    """What decides who leads (`roles.py`)."""

    cues: CueWeights = CueWeights()
    fewest_common_frames: int = 5
    """Frames with both dancers for the cues to say anything."""
    camera_height: float = 0.55
    """Height of the camera, heights from ankle to chin: a phone on a tripod or a chair stands lower than the eyes. Any
    height of 0.45 to 0.7 tells the taller in 84 or 85 of the 87 clips of known roles."""
    believed_score: float = 0.3
    """Score from which a joint's place is believed."""
    turned: float = 0.06
    """Signed distance of the shoulders from which it is clear which way a dancer faces, body heights."""
    front_shoulders: float = 0.18
    """Signed distance of the shoulders at which a body is seen from the front, body heights."""
    side_nose: float = 0.05
    """Distance of the nose from the ears at which a body is seen from the side, body heights."""
    nearness: float = 4.0
    """How far nearer someone stands whose feet are lower in the picture, per body height: seen from eye level."""
    same_way: float = 0.6
    """Cosine between the directions that two face, from which they face the same way."""
    in_line: float = 0.4
    """Cosine between that direction and the way to the partner, from which one stands behind the other."""
    facing_score: float = 0.4
    """Mean keypoint score from which a pose tells which way its dancer faces."""


@dataclass(frozen=True)
class TrackingParameters:
    """All parameters of finding and following the couple, by topic; no two have one name."""

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
"""The parameters that are used unless others are given."""
