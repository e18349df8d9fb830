"""`status`, `report` and `settings`: how a collection stands, and what the program goes by."""

import json
from typing import Annotated, Any

import typer

from bachata_assets.cli.options import AsJson, DataDir, refuse


def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show which clips are made, which failed and why, and which are still to be made. Makes nothing.

    Exits with 1 while clips are failed or missing.

    Examples: `bachata-assets status`, and for a script `bachata-assets status --json --data_dir data/sample_run`
    """
    from bachata_assets.collection import scan as collection
    from bachata_assets.commands.generate import instance_of
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.pipeline.status import Standing
    from bachata_assets.settings import SettingsError, load_settings

    try:
        platform = build_platform(load_settings(data_dir=data_dir))
        found = collection.look(platform.settings, platform.dataset)
    except (SettingsError, *collection.CollectionError) as error:
        refuse(str(error))
    with instance_of(platform.settings.data_dir) as instance:
        standing = Standing.of(found, platform.stages, instance, platform.dataset)
    state: dict[str, Any] = {
        "made": [clip.clip_id for clip in standing.made],
        "failed": {clip.clip_id: clip.error for clip in standing.failed},
        "to_be_made": {clip.clip_id: sorted(standing.todo[clip.clip_id]) for clip in standing.pending},
        "annotations_without_file": [entry.clip_id or entry.video_path for entry in found.without_file],
    }
    if as_json:
        typer.echo(json.dumps(state, indent=2, ensure_ascii=False))
    else:
        _say(state)
    raise typer.Exit(1 if standing.todo else 0)


def report(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make the table over all clips and the two reports again, from what is there.

    Examples: `bachata-assets report`, and to see only the figures `bachata-assets report --json`
    """
    from bachata_assets.collection.scan import CollectionError
    from bachata_assets.commands.generate import instance_of, make_report
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.report.page import PAGE_NAME
    from bachata_assets.report.summary import REPORT_NAME
    from bachata_assets.settings import SettingsError, load_settings

    try:
        platform = build_platform(load_settings(data_dir=data_dir))
        with instance_of(platform.settings.data_dir) as instance:
            make_report(platform, instance)
    except (SettingsError, *CollectionError) as error:
        refuse(str(error))
    dataset = platform.dataset
    if as_json:
        content = json.loads(dataset.read_text(REPORT_NAME) or "{}")
        shown = {name: content[name] for name in ("summary", "timing", "quality_metrics", "failed_videos")}
        paths = {"report": dataset.path(REPORT_NAME), "page": dataset.path(PAGE_NAME)}
        typer.echo(json.dumps(shown | paths, indent=2, ensure_ascii=False))
        return
    typer.echo(f"Wrote embeddings.parquet, {REPORT_NAME} and {PAGE_NAME} in {dataset.path('')}")


def settings(
    example: Annotated[
        bool, typer.Option("--example", help="Print a .env file with every setting and its default.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show every setting and its value; secrets are masked.

    Examples: `bachata-assets settings`, and to begin a file of one's own `bachata-assets settings --example > .env`
    """
    from bachata_assets.settings import SettingsError, example_env, load_settings

    if example:
        typer.echo(example_env(), nl=False)
        return
    try:
        values = load_settings().model_dump(mode="json")
    except SettingsError as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps(values, indent=2))
        return
    for name, value in values.items():
        typer.echo(f"{name} = {'' if value is None else value}")


def _say(state: dict[str, Any]) -> None:
    typer.echo(f"{len(state['made'])} made, {len(state['failed'])} failed, {len(state['to_be_made'])} to be made")
    for clip_id, error in state["failed"].items():
        typer.echo(f"  failed: {clip_id}: {error}")
    for clip_id, stages in state["to_be_made"].items():
        typer.echo(f"  to be made: {clip_id}: {', '.join(stages)}")
    for name in state["annotations_without_file"]:
        typer.echo(f"  annotation without a file: {name}")
