"""The table of a couple's keypoints, also in the form that it had before columns were renamed."""

import json

import numpy as np
import pyarrow as pa

from bachata_assets.pose.couple_keypoints import METADATA_KEY, CoupleKeypoints, couple_summary
from bachata_assets_tests.support.real_poses import real_couple


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
