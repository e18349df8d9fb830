"""`verify`: what it says of settings that are valid and do not fit together."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

from pydantic import SecretStr

from bachata_assets.commands.verify import verify
from bachata_assets.orchestration.build import build_platform
from bachata_assets.settings import load_settings


def test_an_index_of_one_writer_is_a_warning_where_many_machines_write(tmp_path: Path) -> None:
    platform = build_platform(load_settings(data_dir=str(tmp_path)))
    for_many = {"data_dir": "s3://dances/made", "postgres_url": SecretStr("postgresql://me:secret@host/state")}
    shared = replace(platform, settings=platform.settings.model_copy(update=for_many))
    warnings = [[one.what for one in islice(verify(each), 6) if one.state == "warning"] for each in (platform, shared)]
    assert warnings[0] == []
    assert [what for what in warnings[1] if "LanceDB, which supports one writer" in what]
