"""`BachataCollection`: another collection in a code location, defined in a `defs.yaml` without Python."""

import difflib
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.resources import Names
from bachata_assets.settings import Settings, SettingsError, load_settings

__all__ = ["BachataCollection"]


class BachataCollection(dg.Component, dg.Resolvable, dg.Model):
    """A folder of clips, and everything made from it: assets, checks, jobs, the sensor, the schedules.

    Relative paths start at the project's folder. Settings that are missing here come from the environment and `.env`.
    Runs of two collections can go on at the same time: each collection has its own pool.
    """

    name: str = Field(
        pattern="^[a-z][a-z0-9_]*$",
        description="Prefix of the asset keys, and of the names of jobs, sensor, schedules, pool and partitions.",
        examples=["cuba"],
    )
    video_dir: str = Field(
        description="Folder of clips, searched recursively, or a URL (s3://…, gs://…).", examples=["data/cuba"]
    )
    data_dir: str = Field(
        description="Folder or URL (s3://…, gs://…) for tables, index and report; not that of another collection.",
        examples=["data/made_of_cuba"],
    )
    annotations: str | None = Field(
        default=None, description="JSON file of annotations, or its URL.", examples=["data/cuba_annotations.json"]
    )
    model_set: str | None = Field(default=None, description="Model set of checkpoints/models.toml.")
    index: str | None = Field(
        default=None, description="Alias of the index, which readers use; default: bachata_move_embeddings_<name>."
    )
    nightly_cron: str | None = Field(default=None, description="Cron time at which missing clips are made.")
    report_cron: str | None = Field(default=None, description="Cron time of the report and of the full read.")
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="Other settings, by name (docs/settings.md) without BACHATA_, in lower case.",
        examples=[{"clips_per_run": 10}],
    )

    def settings_in(self, project: Path) -> Settings:
        """Return the settings of the collection, with relative paths resolved in the project's folder.

        Raises
        ------
        SettingsError
            If one of them is not a setting, or has a wrong value.
        """
        for name in self.settings.keys() - Settings.model_fields.keys():
            meant = difflib.get_close_matches(name, Settings.model_fields, 1)
            raise SettingsError(
                f"{self.name}: {name} is not a setting" + (f": did you mean {meant[0]}?" if meant else "")
            )

        def there(place: str) -> str:
            return place if "://" in place else str(project / place)

        return load_settings(
            video_dir=there(self.video_dir),
            annotations=there(self.annotations) if self.annotations else None,
            data_dir=there(self.data_dir),
            model_set=self.model_set,
            elasticsearch_index=self.index or f"{Settings.model_fields['elasticsearch_index'].default}_{self.name}",
            nightly_cron=self.nightly_cron,
            report_cron=self.report_cron,
            **self.settings,
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the definitions of the collection."""
        return build_platform(self.settings_in(context.project_root), names=Names(self.name)).definitions
