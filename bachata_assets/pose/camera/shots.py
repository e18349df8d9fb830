"""Cuts: where one shot of a clip ends and the next begins.

At a cut the frame changes all at once, and nothing of the earlier view appears again. Of the corners in the places that
change, optical flow can follow hardly any to the next frame and back (Lucas and Kanade 1981). Turning dancers, a
hand-held camera and flashes of light change the frame too, but parts of the earlier view remain or return.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from bachata_assets.pose.camera_parameters import ShotParameters
from bachata_assets.pose.tracking.parameters import DEFAULTS


@dataclass
class CutFinder:
    """Finds the cuts of a clip, frame after frame.

    Attributes
    ----------
    parameters : ShotParameters
        Thresholds.
    cuts : list of int
        Steps at which a new shot begins, so far.
    """

    parameters: ShotParameters = DEFAULTS.shots
    cuts: list[int] = field(default_factory=list)
    _changes: deque[float] = field(default_factory=lambda: deque(maxlen=8))
    _before: np.ndarray | None = None
    _suspected: list[tuple[int, np.ndarray]] = field(default_factory=list)
    """Steps that may begin a shot, each with the picture before it: a flash of light may end soon."""

    def add(self, step: int, picture: np.ndarray) -> None:
        """Add the picture, uint8 (H, W, 3) BGR, of a step on which the detector ran."""
        now = _small(picture, self.parameters)
        if self._before is not None:
            changes = self._is_cut(self._before, now)
            if not self._is_back(step, now) and changes:
                self._suspected.append((step, self._before))
        self._before = now

    def found(self) -> list[int]:
        """Return the steps at which a new shot begins, ascending; call it after the last frame."""
        return [*self.cuts, *(step for step, _ in self._suspected)]

    def _is_back(self, step: int, now: np.ndarray) -> bool:
        """Tell whether the view from before a suspected cut is back; otherwise confirm cuts that are old enough."""
        while self._suspected and step - self._suspected[0][0] > self.parameters.longest_flash:
            self.cuts.append(self._suspected.pop(0)[0])
        for index, (_, before) in enumerate(self._suspected):
            if not _differs(before, now, self.parameters):
                del self._suspected[index:]
                return True
        return False

    def _is_cut(self, before: np.ndarray, now: np.ndarray) -> bool:
        limits = self.parameters
        change = _change(before, now)
        usual = float(np.median(self._changes)) if self._changes else 0.0
        sudden = change > max(limits.least_change, limits.sudden * usual)
        self._changes.append(change)
        return sudden and _differs(before, now, limits)


def _small(picture: np.ndarray, parameters: ShotParameters) -> np.ndarray:
    """Return a picture reduced and grey, uint8."""
    import cv2

    scale = min(1.0, parameters.shot_side / max(picture.shape[:2]))
    return cv2.cvtColor(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)


def _change(before: np.ndarray, now: np.ndarray) -> float:
    """Return the change between two pictures: 1 minus the correlation of their grey levels, 0..2."""
    a, b = (picture.astype(np.float32) - picture.mean() for picture in (before, now))
    return 1 - float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-6))


def _differs(before: np.ndarray, now: np.ndarray, parameters: ShotParameters) -> bool:
    """Tell whether nothing of the earlier picture, in the places that change, appears in the later one."""
    import cv2

    # Light going on or off is no cut, so match brightness and contrast first.
    lit = np.clip((now.astype(np.float32) - now.mean()) * (before.std() / max(now.std(), 1)) + before.mean(), 0, 255)
    now = lit.astype(np.uint8)
    changed = cv2.dilate((cv2.absdiff(before, now) > parameters.changed_grey).astype(np.uint8), np.ones((5, 5)))
    if changed.mean() < parameters.least_changed:
        return False
    corners = cv2.goodFeaturesToTrack(before, parameters.shot_corners, 0.01, 4, mask=changed)
    if corners is None or len(corners) < parameters.fewest_shot_corners:
        return False
    there, seen, unlike = cv2.calcOpticalFlowPyrLK(before, now, corners, corners.copy(), winSize=(11, 11), maxLevel=2)
    back, seen_back, _ = cv2.calcOpticalFlowPyrLK(now, before, there, there.copy(), winSize=(11, 11), maxLevel=2)
    returned = np.linalg.norm((back - corners)[:, 0], axis=1) < parameters.returned
    alike = (seen[:, 0] > 0) & (seen_back[:, 0] > 0) & (unlike[:, 0] < parameters.unlike_corner)
    return float((returned & alike).mean()) < parameters.found_again
