"""HDR clips (PQ, HLG) as pictures that look like those of the same scene filmed in SDR."""

from pathlib import Path

import numpy as np
import pytest

from bachata_assets.video.sampling import sample_frames
from bachata_assets.video.tone import HLG, PQ, to_sdr
from bachata_assets_tests.support.hdr import write_hdr
from bachata_assets_tests.support.paths import SAMPLE

CLIP = SAMPLE / "videos" / "basic_steps" / "basic_step_1.mp4"


def grey(signal: float, transfer: int) -> int:
    shown = to_sdr(np.full((2, 2, 3), round(signal * 65535), np.uint16), transfer)
    assert np.ptp(shown.astype(int)) <= 1
    return int(shown[0, 0, 1])


@pytest.mark.parametrize(
    ("transfer", "signal", "value"),
    [
        (PQ, 0.0, 0),
        (PQ, 0.4403, 142),  # 50 cd/m2: 255 x (50 / 203) ** (1 / 2.4)
        (PQ, 0.5807, 230),  # reference white; highlights have the 25 above
        (PQ, 0.7518, 255),  # 1,000 cd/m2
        (PQ, 1.0, 255),
        (HLG, 0.0, 0),
        (HLG, 0.5, 143),  # 1,000 x (0.5 ** 2 / 3) ** 1.2 = 50.7 cd/m2
        (HLG, 0.75, 230),
        (HLG, 1.0, 255),
    ],
)
def test_grey_has_the_value_that_the_standards_give(transfer: int, signal: float, value: int) -> None:
    assert grey(signal, transfer) == value


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_brighter_signals_are_never_darker(transfer: int) -> None:
    values = [grey(signal, transfer) for signal in np.linspace(0, 1, 200)]
    assert values == sorted(values)
    assert len({*values}) > 90


def test_green_of_an_sdr_screen_is_green_again() -> None:
    # 100 cd/m2 of the green of BT.709, as BT.2020 says it.
    light = np.array([0.3293, 0.9195, 0.0880]) * 100 / 10_000
    root = light ** (2610 / 16384)
    signal = ((3424 / 4096 + 2413 / 128 * root) / (1 + 2392 / 128 * root)) ** (2523 / 32)
    blue, green, red = to_sdr(np.round(signal[::-1] * 65535).astype(np.uint16).reshape(1, 1, 3), PQ)[0, 0]
    assert red <= 8
    assert blue <= 8
    assert 180 <= green <= 192  # 255 x (100 / 203) ** (1 / 2.4) = 190


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_clip_filmed_in_hdr_looks_like_the_same_in_sdr(transfer: int, tmp_path: Path) -> None:
    clip = write_hdr(CLIP, tmp_path / "hdr.mp4", transfer, seconds=1.0)
    given = dict(sample_frames(CLIP, max_side=320))
    found = list(sample_frames(clip, max_side=320))
    assert len(found) == 15
    differences = [np.abs(picture.astype(int) - given[time_s].astype(int)) for time_s, picture in found]
    # What was bright is a little darker, to leave room for highlights; without the mapping the mean is 25 and more.
    assert np.mean(differences) < 6
    assert np.percentile(differences, 99) < 28
