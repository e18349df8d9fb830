"""netCDF files for the library movement, which reads them with xarray: one file per clip."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bachata_assets.export.source import ExportedClip, ExportError
from bachata_assets.pose.couple_keypoints import ROLES
from bachata_assets.pose.skeleton import Joint


def write_movement(clips: Iterable[ExportedClip], folder: Path) -> list[Path]:
    """Write `position` (time, space, keypoints, individuals), px, and `confidence` for each clip; return the files.

    Raises
    ------
    ExportError
        The libraries are missing.
    """
    try:
        import h5netcdf  # noqa: F401  # xarray's engine
        import xarray as xr
    except ImportError as error:
        raise ExportError("xarray and h5netcdf are missing: install bachata-assets[movement]") from error
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for clip in clips:
        couple = clip.couple
        found = couple.valid[..., None, None]
        places = np.where(found, couple.keypoints, np.nan)
        content = xr.Dataset(
            {
                "position": (("time", "space", "keypoints", "individuals"), places[..., :2].transpose(0, 3, 2, 1)),
                "confidence": (("time", "keypoints", "individuals"), places[..., 2].transpose(0, 2, 1)),
                "beat_times": (("beat",), np.asarray(clip.beats.times, float)),
            },
            coords={
                "time": np.asarray(couple.times, float),
                "space": ["x", "y"],
                "keypoints": [joint.name.lower() for joint in Joint],
                "individuals": list(ROLES),
            },
            attrs={
                "ds_type": "poses",
                "source_software": "bachata_assets",
                "source_file": clip.video_path,
                "fps": couple.fps,
                "time_unit": "seconds",
                "clip_id": clip.clip_id,
                "role_confidence": couple.role_confidence,
            },
        )
        path = folder / f"{clip.clip_id}.nc"
        content.to_netcdf(path, engine="h5netcdf")
        written.append(path)
    return written
