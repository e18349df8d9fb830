"""A picture of everyone in a clip, each with the number to use in an annotation.

`preview_picture.py` draws the couple alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.drawing.skeletons import OUTLINE, bgr, write
from bachata_assets.pose.first_pass import FirstPass
from bachata_assets.pose.tracking.choosing.choice import Choice
from bachata_assets.pose.tracking.choosing.told import numbers_of

COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
"""Colours of people by number: the palette by Okabe and Ito without black."""
MOMENTS = 3
"""Maximum number of frames in the picture."""
HEIGHT = 480
"""Height of a frame, px."""
TEXT = 13
"""Height of capital letters, px."""
SHADE = 0.2
"""Opacity of the colour in the couple's boxes."""
QUALITY = 85
"""JPEG quality, 1..100."""


@dataclass(frozen=True)
class SeenPerson:
    """A person in a clip, for people who write an annotation.

    Attributes
    ----------
    number : int
        Number from left to right, from 1.
    start_s, end_s : float
        Times at which the person is first and last seen, s.
    part : str
        "the couple", "an image in a mirror", "does not move", or "".
    at_s : float
        A time at which the person is seen, s.
    box : tuple of int
        The person's box at that time, x1 y1 x2 y2, px of the video.
    """

    number: int
    start_s: float
    end_s: float
    part: str
    at_s: float
    box: tuple[int, int, int, int]


def seen_people(seen: FirstPass, choice: Choice, still: float) -> list[SeenPerson]:
    """Return everyone in a clip by number.

    Parameters
    ----------
    seen : FirstPass
        The clip.
    choice : Choice
        Who the couple is.
    still : float
        Activity below which a person does not move.
    """
    people, times = choice.people, seen.times[seen.steps]
    numbers = numbers_of(people)
    found = []
    for who in np.argsort(numbers):
        steps = np.flatnonzero(people.seen[who])
        step = int(steps[len(steps) // 2])
        part = "an image in a mirror" if who in choice.mirrored else ""
        if people.activity[who] < still:
            part = "does not move"
        if who in choice.pair:
            part = "the couple"
        corners = np.reshape(_box(seen, choice, int(who), step), (2, 2)) * seen.scale + seen.origin
        x1, y1, x2, y2 = (round(float(value)) for value in corners.ravel())
        start, end = (float(times[step]) for step in (steps[0], steps[-1]))
        found.append(SeenPerson(int(numbers[who]), start, end, part, float(times[step]), (x1, y1, x2, y2)))
    return found


def people_picture(seen: FirstPass, choice: Choice) -> bytes:
    """Return a picture of a few frames of a clip, with everyone in a coloured box with a number.

    A light shade fills the couple's boxes.

    Parameters
    ----------
    seen : FirstPass
        The clip.
    choice : Choice
        Who the couple is.

    Returns
    -------
    bytes
        A JPEG.
    """
    import cv2

    step_of = {int(frame): step for step, frame in enumerate(seen.steps)}
    pictures = [(step_of[frame], picture) for frame, picture in seen.samples.pictures]
    moments = [_moment(seen, choice, *pictures[place]) for place in _telling(choice, [step for step, _ in pictures])]
    gap = np.full((moments[0].shape[0], TEXT // 2, 3), OUTLINE, np.uint8)
    row = [part for moment in moments for part in (moment, gap)][:-1]
    written, encoded = cv2.imencode(".jpg", np.concatenate(row, axis=1), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert written
    return bytes(encoded)


def _telling(choice: Choice, steps: Sequence[int]) -> list[int]:
    """Return the indices of the steps that together show everyone, at most `MOMENTS`, in order of time."""
    there = choice.people.seen[:, list(steps)]
    missing = np.ones(len(there), bool)
    chosen: list[int] = []
    while len(chosen) < MOMENTS and (not chosen or (there[missing].any(axis=1)).any()):
        best = int(there[missing].sum(axis=0).argmax()) if len(there) else 0
        chosen.append(best)
        missing &= ~there[:, best]
    return sorted(chosen)


def _moment(seen: FirstPass, choice: Choice, step: int, picture: np.ndarray) -> np.ndarray:
    """Return a picture with everyone in a box, uint8 (HEIGHT, W, 3)."""
    import cv2

    scale = HEIGHT / picture.shape[0]
    shown = cv2.resize(
        picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    numbers = numbers_of(choice.people)
    there = [int(who) for who in np.flatnonzero(choice.people.seen[:, step])]
    boxes = {who: (_box(seen, choice, who, step) * scale).round().astype(int).tolist() for who in there}
    for who in [who for who in there if who in choice.pair]:
        x1, y1, x2, y2 = boxes[who]
        inside = shown[max(0, y1) : y2, max(0, x1) : x2]
        inside[:] = (1 - SHADE) * inside + SHADE * np.array(bgr(_colour(numbers[who])))
    for who in there:
        x1, y1, x2, y2 = boxes[who]
        cv2.rectangle(shown, (x1, y1), (x2, y2), OUTLINE, 5)
        cv2.rectangle(shown, (x1, y1), (x2, y2), bgr(_colour(numbers[who])), 3)
    # The numbers come last, so that no box crosses them out.
    for who in there:
        x1, y1, _, _ = boxes[who]
        text = f"{numbers[who]}{' mirror' if who in choice.mirrored else ''}"
        below = max(2 * TEXT, y1 - 2)
        end = x1 + round(1.3 * TEXT * len(text)) + 6
        cv2.rectangle(shown, (x1 - 2, below - 2 * TEXT), (end, below + 2), OUTLINE, cv2.FILLED)
        write(shown, text, (x1 + 4, below - 4), round(1.5 * TEXT), _colour(numbers[who]))
    write(shown, f"{seen.times[seen.steps[step]]:.1f} s", (6, HEIGHT - 8), TEXT)
    return np.asarray(shown)


def _colour(number: int) -> str:
    return COLOURS[(number - 1) % len(COLOURS)]


def _box(seen: FirstPass, choice: Choice, who: int, step: int) -> np.ndarray:
    """Return the most certain box of a person in a step, float (4,), px of the frames."""
    found = seen.candidates[step]
    own = np.flatnonzero(choice.people.numbers[step] == who)
    return np.asarray(found.boxes[own[found.scores[own].argmax()]])
