"""The preview picture of a clip, which shows what was found.

It has some frames with both skeletons, and a timeline of who was found. `preview_video.py` makes a video of the same;
`skeletons.py` draws the skeletons.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bachata_assets.pose.couple_keypoints import ROLES, CoupleKeypoints
from bachata_assets.pose.drawing.skeletons import ROLE_COLOURS, SWITCH_COLOUR, draw_couple
from bachata_assets.pose.geometry import box_center

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 1080, 480
"""Size of the picture, px."""
DPI = 100
"""Dots per inch, from which Matplotlib sizes text."""
ROWS = ((0.385, 0.09), (0.22, 0.14), (0.055, 0.14))
"""Bottom and height of the timeline's rows, picture heights."""
TILES = 7
"""Maximum number of frames in the strip."""
TILE = (150, 200)
"""Width and height of a frame in a strip of the couple alone, px."""
WHOLE = (350, 200)
"""Maximum width and height of a frame in a strip of everybody, px."""
ROOM = 1.15
"""Size of the part of a frame that is shown, over the couple's extent."""
LARGEST = 45_000
"""Maximum size of the picture, bytes: Dagster's event log keeps one each time a clip is made."""

Pictures = Sequence[tuple[int, np.ndarray]]
"""Frame index and picture, uint8 (H, W, 3) BGR, all at one scale."""


def preview_picture(name: str, couple: CoupleKeypoints, pictures: Pictures) -> bytes:
    """Return a picture of a clip: a strip of frames above a timeline.

    The strip shows the couple, or whole frames if others are seen. The timeline shows:

    - who was found (full colour: seen directly; light: interpolated, or found behind the partner),
    - how far apart the two are,
    - how certain their poses are,
    - suspected identity switches.

    Parameters
    ----------
    name : str
        Name of the clip, for the heading.
    couple : CoupleKeypoints
        What was found.
    pictures : sequence
        Frames to choose the strip from, in order of time: index, uint8 (H, W, 3) BGR.

    Returns
    -------
    bytes
        A JPEG of at most `LARGEST` bytes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
    size = _tile_size(couple)
    count = min(TILES, WIDTH // (size[0] + 1))
    chosen = [pictures[i] for i in np.unique(np.linspace(0, len(pictures) - 1, count).round().astype(int))]
    shown = couple.times[[frame for frame, _ in chosen]]
    _heading(figure, name, couple)
    _strip(figure, [_tile(couple, frame, picture, size) for frame, picture in chosen], shown, count)
    _timeline(figure, couple, shown)
    return _jpeg(figure)


def _heading(figure: "Figure", name: str, couple: CoupleKeypoints) -> None:
    switches = len(couple.identity_switches)
    said = [
        f"quality {couple.quality_score:.2f}",
        f"both found {couple.detection_rate:.0%}",
        f"who leads: {couple.role_confidence:.0%} sure",
        f"{switches} identity {'switch' if switches == 1 else 'switches'} suspected",
    ]
    figure.text(0.005, 0.95, name, fontsize=12, weight="bold", parse_math=False)
    figure.text(0.995, 0.95, "   ·   ".join(said), fontsize=10, ha="right")


def _others_are_seen(couple: CoupleKeypoints) -> bool:
    return couple.people_seen > len(ROLES) or couple.mirror_images > 0


def _tile_size(couple: CoupleKeypoints) -> tuple[int, int]:
    """Return width and height of a frame in the strip, px."""
    if not _others_are_seen(couple):
        return TILE
    scale = min(WHOLE[0] / couple.width, WHOLE[1] / couple.height)
    return max(1, round(couple.width * scale)), max(1, round(couple.height * scale))


def _strip(figure: "Figure", tiles: Sequence[np.ndarray], shown: np.ndarray, count: int) -> None:
    """Put the tiles into the strip, which has room for `count`; `shown` has their times, s."""
    height, width = tiles[0].shape[:2]
    strip = np.full((height, WIDTH, 3), 255, np.uint8)
    axes = figure.add_axes((0, 0.51, 1, height / HEIGHT))
    gap = (WIDTH - count * width) / (count + 1)
    for place, (tile, time_s) in enumerate(zip(tiles, shown, strict=True)):
        left = round(gap + place * (width + gap))
        strip[:, left : left + width] = tile[..., ::-1]
        box = {"facecolor": "black", "alpha": 0.6, "pad": 1.5, "lw": 0}
        axes.text(left + 5, 13, f"{time_s:.1f} s", fontsize=8, color="white", bbox=box)
    axes.imshow(strip, interpolation="nearest", aspect="auto")
    axes.set_axis_off()


def _tile(couple: CoupleKeypoints, frame: int, picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the part of a frame around the couple, or all of it if others are seen, with the skeletons.

    The result is uint8, of width and height `size`.
    """
    import cv2

    scale = picture.shape[0] / couple.height
    shown = (0, 0, couple.width, couple.height) if _others_are_seen(couple) else _around(couple, frame)
    x1, y1, x2, y2 = (np.asarray(shown) * scale).round().astype(int)
    tile = cv2.resize(picture[y1:y2, x1:x2], size, interpolation=cv2.INTER_AREA)
    draw_couple(tile, couple, frame, size[1] / (y2 - y1) * scale, (x1 / scale, y1 / scale))
    return tile


def _around(couple: CoupleKeypoints, frame: int) -> np.ndarray:
    """Return the part of the video that shows the couple, float (4,), px.

    It has the same size in every frame and stays within the frame.
    """
    size, shape = np.array([couple.width, couple.height]), TILE[0] / TILE[1]
    found = np.flatnonzero(couple.valid.any(axis=1))
    if found.size:
        low = np.fmin(couple.boxes[found, 0, :2], couple.boxes[found, 1, :2])
        high = np.fmax(couple.boxes[found, 0, 2:], couple.boxes[found, 1, 2:])
        width, height = np.quantile(high - low, 0.9, axis=0) * ROOM
        middle = ((low + high) / 2)[np.abs(found - frame).argmin()]
    else:
        (width, height), middle = size, size / 2
    height = min(max(height, width / shape), couple.height, couple.width / shape)
    half = np.array([height * shape, height]) / 2
    middle = np.clip(middle, half, size - half)
    return np.concatenate([middle - half, middle + half])


def _timeline(figure: "Figure", couple: CoupleKeypoints, shown: np.ndarray) -> None:
    """Draw who was found, the distance and the certainty over time; `shown` (K,) has the strip's times, s."""
    rows = [figure.add_axes((0.085, bottom, 0.907, height)) for bottom, height in ROWS]
    _found(rows[0], couple)
    _distance(rows[1], couple)
    _certainty(rows[2], couple)
    rows[0].plot(shown, np.full(len(shown), 1.75), "v", color="black", markersize=5, clip_on=False)
    for axes in rows:
        axes.set_xlim(couple.times[0], couple.times[-1] + 1 / couple.fps)
        axes.tick_params(labelsize=8, labelbottom=axes is rows[-1], length=2)
        axes.xaxis.set_major_formatter("{x:g} s")
        axes.spines[["top", "right"]].set_visible(False)
        for time_s in couple.identity_switches:
            axes.axvline(time_s, color=SWITCH_COLOUR, linestyle="--", linewidth=1.2)
    for time_s in couple.identity_switches:
        rows[1].text(time_s, rows[1].get_ylim()[1], " switch?", color=SWITCH_COLOUR, fontsize=8, va="top")


def _found(axes: "Axes", couple: CoupleKeypoints) -> None:
    for who, role in enumerate(ROLES):
        for flags, alpha in ((couple.valid, 0.35), (couple.plainly_seen, 1.0)):
            axes.broken_barh(
                _runs(couple, flags[:, who]),
                (1 - who - 0.35, 0.7),
                facecolor=ROLE_COLOURS[role],
                alpha=alpha,
                linewidth=0,
            )
    axes.set_ylim(-0.5, 1.5)
    axes.set_yticks([1, 0], ROLES)


def _runs(couple: CoupleKeypoints, flags: np.ndarray) -> list[tuple[float, float]]:
    """Return start and length, s, of each run of frames whose flag, bool (T,), is set."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False)).reshape(-1, 2)
    return [(couple.times[first], (stop - first) / couple.fps) for first, stop in edges]


def _distance(axes: "Axes", couple: CoupleKeypoints) -> None:
    height = (couple.boxes[..., 3] - couple.boxes[..., 1])[couple.valid]
    centers = box_center(couple.boxes)
    apart = np.linalg.norm(centers[:, 0] - centers[:, 1], axis=-1) / (np.median(height) if height.size else np.nan)
    axes.plot(couple.times, apart, color="0.25", linewidth=1.4)
    axes.set_ylim(0, max(0.5, 1.05 * np.max(apart, initial=0, where=~np.isnan(apart))))
    axes.set_ylabel("apart\n(heights)", fontsize=8)


def _certainty(axes: "Axes", couple: CoupleKeypoints) -> None:
    for who, role in enumerate(ROLES):
        score = np.where(couple.valid[:, who], couple.keypoints[:, who, :, 2].mean(axis=-1), np.nan)
        axes.plot(couple.times, score, color=ROLE_COLOURS[role], linewidth=1.4)
    axes.set_ylim(0, 1)
    axes.set_ylabel("certainty", fontsize=8)


def _jpeg(figure: "Figure") -> bytes:
    """Return the best JPEG of at most `LARGEST` bytes."""
    from PIL import Image

    drawn = io.BytesIO()
    figure.savefig(drawn, format="rgba", dpi=DPI)
    picture = Image.frombytes("RGBA", (WIDTH, HEIGHT), drawn.getvalue()).convert("RGB")
    for quality in range(85, 0, -10):
        content = io.BytesIO()
        picture.save(content, "JPEG", quality=quality, optimize=True)
        if content.tell() <= LARGEST:
            break
    return content.getvalue()
