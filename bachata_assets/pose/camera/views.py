"""Views of the room: reference frames, and the camera's motion since one of them.

`motion.py` decides which views to try.
"""

from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.camera_parameters import CameraParameters
from bachata_assets.pose.geometry import IDENTITY, stabilised


@dataclass(frozen=True)
class View:
    """A reference frame.

    Attributes
    ----------
    grey : np.ndarray
        uint8 (H, W).
    corners : np.ndarray
        float32 (N, 1, 2), px, outside the people.
    to_first : np.ndarray
        float (4,), as in `CameraMotion`.
    sure : bool
        Its place is known, not guessed after the camera was lost.
    """

    grey: np.ndarray
    corners: np.ndarray
    to_first: np.ndarray
    sure: bool = True


def view_of(
    grey: np.ndarray, room: np.ndarray, to_first: np.ndarray, parameters: CameraParameters, *, sure: bool = True
) -> View:
    """Return a view of a picture, with its corners outside the people."""
    import cv2

    corners = cv2.goodFeaturesToTrack(grey, parameters.most_corners, 0.01, 7, mask=room)
    return View(grey, np.zeros((0, 1, 2), np.float32) if corners is None else corners, to_first, sure)


def motion_since(
    view: View,
    now: np.ndarray,
    room: np.ndarray,
    parameters: CameraParameters,
    expected: np.ndarray = IDENTITY,
    levels: int = 3,
) -> tuple[np.ndarray | None, float]:
    """Return the motion from a view to a frame.

    Parameters
    ----------
    now, room : np.ndarray
        uint8 (H, W), the frame and a mask of the room outside people.
    expected : np.ndarray
        float (4,), the approximate similarity.
    levels : int
        Number of pyramid levels above the full size; fewer are faster if `expected` is near.

    Returns
    -------
    motion : np.ndarray or None
        float (4,), the similarity from the view to the frame; None if too little of the room is visible.
    share : float
        Share of the view's corners that agree with it.
    """
    import cv2

    corners = view.corners
    if len(corners) < parameters.fewest_corners:
        return None, 0.0
    guess = stabilised(corners[None], expected[None])[0].astype(np.float32)
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        view.grey, now, corners, guess, winSize=(15, 15), maxLevel=levels, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    at = found[:, 0].round().astype(int)
    inside = (at >= 0).all(axis=1) & (at[:, 0] < now.shape[1]) & (at[:, 1] < now.shape[0])
    seen = (status[:, 0] > 0) & inside
    seen[inside] &= room[at[inside, 1], at[inside, 0]] > 0
    if seen.sum() < parameters.fewest_corners:
        return None, 0.0
    cv2.setRNGSeed(0)
    matrix, agree = cv2.estimateAffinePartial2D(
        corners[seen], found[seen], method=cv2.RANSAC, ransacReprojThreshold=parameters.agreement
    )
    if matrix is None or agree.sum() < max(parameters.fewest_corners, parameters.least_agreeing * seen.sum()):
        return None, 0.0
    return np.array([matrix[0, 0], matrix[1, 0], matrix[0, 2], matrix[1, 2]]), float(agree.sum() / len(corners))


def shift_of(motion: np.ndarray, shape: tuple[int, ...]) -> float:
    """Return how far a similarity moves the corners of a frame, frame widths."""
    height, width = shape[:2]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float)
    moved = stabilised(corners[None], motion[None])[0] - corners
    return float(np.median(np.linalg.norm(moved, axis=1))) / width


def then(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the composition of two similarities, float (4,)."""
    a, b, x, y = first
    c, d, _, _ = second
    place = stabilised(np.array([[[x, y]]]), second[None])[0, 0]
    return np.array([c * a - d * b, d * a + c * b, *place])
