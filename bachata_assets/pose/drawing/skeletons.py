"""Skeletons of a couple in the roles' colours.

`preview_picture.py` and `preview_video.py` use them.
"""

from collections.abc import Iterable

import numpy as np

from bachata_assets.pose.couple_keypoints import ROLES, CoupleKeypoints
from bachata_assets.pose.skeleton import LIMBS

ROLE_COLOURS = {"lead": "#E69F00", "follow": "#56B4E9"}
"""Colour of each role: orange and sky blue of Okabe and Ito's palette, which colour-blind people can distinguish.

Source: jfly.uni-koeln.de/color.
"""
SWITCH_COLOUR = "#D55E00"
"""Colour of a suspected identity switch: vermilion of the same palette."""
FINGERS = tuple((0 if joint % 4 == 1 else joint - 1, joint) for joint in range(1, 21))
"""Pairs of a hand's 21 keypoints to connect: the wrist, then four joints per finger."""
OTHERS = (170, 170, 170)
"""Colour of people other than the couple, BGR: grey."""
OUTLINE = (20, 20, 20)
"""Colour around lines and letters, BGR."""
LINE = 0.009
"""Thickness of a limb, picture heights."""


def bgr(colour: str) -> tuple[int, int, int]:
    """Return a #RRGGBB colour as BGR for OpenCV."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return blue, green, red


def draw_couple(
    picture: np.ndarray, couple: CoupleKeypoints, frame: int, scale: float, origin: tuple[float, float] = (0, 0)
) -> None:
    """Draw both dancers of one frame, in thin lines if a pose was not seen directly.

    Parameters
    ----------
    picture : np.ndarray
        uint8 (H, W, 3), BGR, changed in place.
    couple : CoupleKeypoints
        The dancers.
    frame : int
        Index in `couple`.
    scale : float
        Pixels of the picture per pixel of the video.
    origin : tuple of float
        Position of the picture's top left corner in the video, px.
    """
    plain = couple.plainly_seen
    for who, role in enumerate(ROLES):
        if not couple.valid[frame, who]:
            continue
        thickness = max(1, round(LINE * picture.shape[0] * (1 if plain[frame, who] else 0.4)))
        hands = [] if couple.hands is None else list(couple.hands[frame, who])
        lines = [_lines(couple.keypoints[frame, who], LIMBS), *(_lines(hand, FINGERS) for hand in hands)]
        for points in lines:
            _draw((points - np.asarray(origin)) * scale, picture, bgr(ROLE_COLOURS[role]), thickness)


def draw_others(picture: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return a picture with grey skeletons of the people other than the couple.

    Parameters
    ----------
    picture : np.ndarray
        uint8 (H, W, 3), BGR.
    people : np.ndarray
        float (N, 17, 3), x y px of the picture, and score.
    """
    if not len(people):
        return picture
    drawn = picture.copy()
    for joints in people:
        _draw(_lines(joints, LIMBS), drawn, OTHERS, max(1, round(0.6 * LINE * picture.shape[0])))
    return drawn


def write(picture: np.ndarray, text: str, place: tuple[int, int], size: int, colour: str = "#FFFFFF") -> None:
    """Write text with a dark outline.

    Parameters
    ----------
    picture : np.ndarray
        uint8 (H, W, 3), BGR, changed in place.
    text : str
        ASCII text, because OpenCV has no other letters.
    place : tuple of int
        Start of the baseline, px.
    size : int
        Height of capital letters, px.
    colour : str
        Colour as #RRGGBB.
    """
    import cv2

    font = cv2.FONT_HERSHEY_SIMPLEX
    scale = cv2.getFontScaleFromHeight(font, size, 1)
    thickness = max(1, round(size / 9))
    for width, shade in ((thickness + 2, OUTLINE), (thickness, bgr(colour))):
        cv2.putText(picture, text, place, font, scale, shade, width, cv2.LINE_AA)


def _lines(joints: np.ndarray, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """Return the ends of lines between known joints, (M, 2, 2); `joints` is (K, 3), x y score."""
    ends: np.ndarray = joints[np.array(list(pairs)), :2]
    return ends[~np.isnan(ends).any(axis=(1, 2))]


def _draw(ends: np.ndarray, picture: np.ndarray, colour: tuple[int, int, int], thickness: int) -> None:
    """Draw lines, (M, 2, 2), px, with a dark outline that makes them stand out from any clothes."""
    import cv2

    points = ends.round().astype(int).tolist()
    for width, shade in ((thickness + 2, OUTLINE), (thickness, colour)):
        for start, end in points:
            cv2.line(picture, start, end, shade, width, cv2.LINE_AA)
