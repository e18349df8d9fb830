"""The table of a couple's keypoints, also in the form that it had before columns were renamed."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from bachata_assets.pose.couple_keypoints import METADATA_KEY, CoupleKeypoints, couple_summary
from bachata_assets_tests.support.real_poses import real_couple
from bachata_assets_tests.support.synthetic_couple import a_couple


def in_former_form(table: pa.Table) -> pa.Table:
    """Return a table as it was written until November 2026."""
    summary = json.loads(table.schema.metadata[METADATA_KEY])
    summary["second_look_rate"] = summary.pop("occlusion_recovery_rate")
    summary["suspected_swaps"] = summary.pop("identity_switches")
    former = table.rename_columns(
        [{"occlusion_recovery": "second_look"}.get(name, name) for name in table.column_names]
    )
    return former.replace_schema_metadata({METADATA_KEY: json.dumps(summary)})


def test_a_table_with_the_former_names_is_read_as_one_with_todays() -> None:
    couple = real_couple("hammerlock_2")
    assert couple.occlusion_recovery.any()
    table = couple.to_table()
    former = in_former_form(table)
    again = CoupleKeypoints.from_table(former)
    np.testing.assert_array_equal(again.occlusion_recovery, couple.occlusion_recovery)
    assert again.to_table().equals(table, check_metadata=True)
    assert couple_summary(former) == couple_summary(table) == couple.summary()


def test_the_cameras_motion_is_kept_in_the_table_and_earlier_tables_have_none() -> None:
    still = a_couple(2.0)
    camera = np.array([[1, 0.01 * i, 3 * i, -2 * i] for i in range(still.frame_count)], float)
    moving = replace(still, camera=camera, camera_lost=(1.2,))
    back = CoupleKeypoints.from_table(moving.to_table())
    assert back.camera == pytest.approx(camera, rel=1e-6)
    assert back.camera_lost == (1.2,)
    assert moving.camera_motion["px_per_second"] > 30
    assert CoupleKeypoints.from_table(still.to_table()).camera is None
    earlier = still.to_table().drop_columns(["camera"])
    assert CoupleKeypoints.from_table(earlier).camera is None


def test_the_steady_keypoints_are_those_that_a_still_camera_would_have_seen() -> None:
    still = a_couple(2.0)
    shift = 5.0 * np.arange(still.frame_count)
    seen = still.keypoints.copy()
    seen[..., 0] -= shift[:, None, None]
    camera = np.stack([np.ones_like(shift), 0 * shift, shift, 0 * shift], axis=1)
    moving = replace(still, keypoints=seen, camera=camera)
    assert moving.steady_keypoints == pytest.approx(still.keypoints, abs=1e-3)
