"""`BachataCollection`: one more collection in a code location, by a `defs.yaml` and without Python."""

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
    """A folder of clips, and everything that is made of it: assets, checks, jobs, the sensor, the schedules.

    Paths that are not absolute are below the project's folder. What is not set here is as the environment and `.env`
    say. Runs of two collections go at the same time: each has a pool of its own.
    """

    name: str = Field(
        pattern="^[a-z][a-z0-9_]*$",
        description="First part of the asset keys, and of the names of jobs, sensor, schedules, pool and partitions.",
        examples=["cuba"],
    )
    video_dir: str = Field(
        description="Folder of clips, searched recursively, or a URL (s3://…, gs://…).", examples=["data/cuba"]
    )
    data_dir: str = Field(
        description="Where tables, index and report go: a folder or a URL (s3://…, gs://…), no other collection's.",
        examples=["data/made_of_cuba"],
    )
    annotations: str | None = Field(
        default=None, description="JSON file of annotations, or its URL.", examples=["data/cuba_annotations.json"]
    )
    model_set: str | None = Field(default=None, description="Model set of checkpoints/models.toml.")
    index: str | None = Field(
        default=None, description="Alias of the index that readers use; default: bachata_move_embeddings_<name>."
    )
    nightly_cron: str | None = Field(default=None, description="When all that is missing is asked for.")
    report_cron: str | None = Field(default=None, description="When the report is made, and every byte is read.")
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="Other settings, by their names (docs/settings.md) without BACHATA_, in small letters.",
        examples=[{"clips_per_run": 10}],
    )

    def settings_in(self, project: Path) -> Settings:
        """Return the settings of the collection, with paths below a project's folder.

        Raises
        ------
        SettingsError
            When one of them is no setting, or cannot have its value.
        """
        for name in self.settings.keys() - Settings.model_fields.keys():
            meant = difflib.get_close_matches(name, Settings.model_fields, 1)
            raise SettingsError(f"{self.name}: {name} is no setting" + (f": did you mean {meant[0]}?" if meant else ""))

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
