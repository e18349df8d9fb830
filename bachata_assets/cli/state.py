"""`status`, `report`, `serve` and `settings`: the status of a collection, and the settings in force."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bachata_assets.cli.options import AsJson, DataDir, refuse
from bachata_assets.cli.plain import say, say_json

if TYPE_CHECKING:
    from bachata_assets.pipeline.plan import Plan


def status(
    plan: Annotated[
        bool, typer.Option("--plan", help="Estimate how long the clips to be made will take, by stage.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show which clips are made, which failed and why, and which are still to be made. Makes nothing.

    Exits with 1 while clips are failed, missing or not indexed. With --plan it estimates how long these will take, from
    the clips that were made here before.

    For example:

    ```sh
    bachata-assets status
    bachata-assets status --plan
    bachata-assets status --json --data_dir data/sample_run
    ```
    """
    from bachata_assets.collection.remarks import told
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.commands.status import collection_status, plan_for
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.settings import SettingsError, load_settings

    try:
        platform = build_platform(load_settings(data_dir=data_dir))
        platform.require_models()
        found, now = collection_status(platform)
    except (SettingsError, *ScanError) as error:
        refuse(str(error))
    state: dict[str, Any] = {
        "made": [clip.clip_id for clip in now.made],
        "not_indexed": [clip.clip_id for clip in now.not_indexed],
        "failed": {clip.clip_id: clip.failure.reason for clip in now.failed},
        "to_be_made": {clip.clip_id: sorted(now.todo[clip.clip_id]) for clip in now.pending},
        "annotations_without_file": [entry.name for entry in found.without_file],
        "videos_without_annotation": list(found.without_annotation),
        "annotation_problems": told(found.problems),
        "left_out": [{"path": str(one.path), "reason": one.reason} for one in found.left_out],
    }
    planned = plan_for(platform, now) if plan else None
    if as_json:
        say_json(state | ({"plan": _plan_facts(planned)} if planned else {}))
    else:
        _say(state, found.remarks)
        if planned:
            _say_plan(planned)
    raise typer.Exit(1 if now.todo else 0)


def report(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make the table of all clips and the two reports again, from the existing results.

    Exits with 1 when they cannot be made.

    For example:

    ```sh
    bachata-assets report
    bachata-assets report --json
    ```
    """
    from bachata_assets.collection import layout
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.commands.report import make_report
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.orchestration.instance import open_instance
    from bachata_assets.settings import SettingsError, load_settings

    try:
        platform = build_platform(load_settings(data_dir=data_dir))
        platform.require_models()
        with open_instance(platform.settings.data_dir) as instance:
            problem = make_report(platform, instance)
    except (SettingsError, *ScanError) as error:
        refuse(str(error))
    if problem:
        say(f"Error: the report could not be made: {problem}", err=True)
        raise typer.Exit(1)
    dataset = platform.dataset
    if as_json:
        content = json.loads(dataset.read_text(layout.REPORT) or "{}")
        named = ("generated_at", "summary", "timing", "quality_metrics", "failed_videos", "failures")
        shown = {name: content[name] for name in named}
        paths = {"report": dataset.path(layout.REPORT), "page": dataset.path(layout.PAGE)}
        say_json(shown | paths)
        return
    say(f"Report: {dataset.path(layout.PAGE)}")
    say(f"Beside it: {layout.EMBEDDINGS}, {layout.REPORT}")


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on. [default: BACHATA_SERVE_HOST, 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on. [default: BACHATA_SERVE_PORT, 3001]")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Answer search requests over HTTP and show the report page, until Ctrl-C.

    The page /docs lists the requests. It accepts connections from this machine only; another --host needs
    BACHATA_SERVE_TOKEN. Dagster's link to the report works while it runs.

    For example:

    ```sh
    bachata-assets serve
    bachata-assets serve --data_dir data/sample_run --port 3002
    ```
    """
    from bachata_assets.service.server import Server
    from bachata_assets.settings import SettingsError, load_settings

    try:
        server = Server(load_settings(data_dir=data_dir, serve_host=host, serve_port=port))
    except SettingsError as error:
        refuse(str(error))
    with server:
        if server.page and not server.page.path.is_file():
            say(f"{server.page.path} does not exist yet: `bachata-assets report` makes it", err=True)
        say(f"The report is at {server.address}, the list of requests at {server.address}docs. Ctrl-C ends the server")
        server.serve()


def settings(
    example: Annotated[
        bool, typer.Option("--example", help="Print a .env file with every setting and its default.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show every setting and its value; secrets are masked.

    For example:

    ```sh
    bachata-assets settings
    bachata-assets settings --example > .env
    ```
    """
    from bachata_assets.settings import SettingsError, example_env, load_settings, variables

    if example and as_json:
        refuse("--example prints a .env file: leave out --json")
    if example:
        typer.echo(example_env(), nl=False)
        return
    try:
        named = variables()
        values = {named[name]: value for name, value in load_settings().model_dump(mode="json").items()}
    except SettingsError as error:
        refuse(str(error))
    if as_json:
        say_json(values)
        return
    for name, value in values.items():
        say(f"{name}={'' if value is None else value}")


def _plan_facts(plan: "Plan") -> dict[str, Any]:
    stages = [{**vars(stage), "work_s": stage.work_s} for stage in plan.stages]
    return {
        "stages": stages,
        "work_s": plan.work_s,
        "cpu_s": plan.cpu_s,
        "clock_s": plan.clock_s,
        "clock_per_work": plan.clock_per_work,
        "judged_by": plan.judged_by,
    }


def _say_plan(plan: "Plan") -> None:
    from bachata_assets.collection.remarks import counted

    for stage in plan.stages:
        each = "not known yet" if stage.each_s is None else f"{stage.each_s:.2f} s each, {_duration(stage.work_s)}"
        cpu = "" if stage.each_cpu_s is None else f"; {stage.each_cpu_s:.2f} CPU-s each"
        say(f"  plan: {stage.stage}: {counted(stage.clips, 'clip')}, {each}{cpu}")
    if not plan.stages:
        say("  plan: nothing is to be made")
    elif plan.clock_s is None:
        say(f"  plan: {_duration(plan.work_s)} of work; too few clips were made here to estimate the elapsed time")
    else:
        say(
            f"  plan: {_duration(plan.work_s)} of work, about {_duration(plan.clock_s)} elapsed on this machine "
            f"({plan.clock_per_work:.2f} s per second of work, estimated from {counted(plan.judged_by, 'clip')})"
        )
    if plan.stages and plan.cpu_s is not None:
        say(f"  plan: {plan.cpu_s:,.0f} CPU-s in all")


def _duration(seconds: float) -> str:
    """Return a time with its unit: 12 s, 3.5 min, 2.1 h."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _say(state: dict[str, Any], remarks: list[str]) -> None:
    from bachata_assets.collection.remarks import counted, named

    typer.echo(f"{len(state['made'])} made, {len(state['failed'])} failed, {len(state['to_be_made'])} to be made")
    if state["not_indexed"]:
        say(f"  made, not indexed yet: {counted(len(state['not_indexed']), 'clip')} ({named(state['not_indexed'])})")
    for clip_id, error in state["failed"].items():
        say(f"  failed: {clip_id}: {error}")
    for clip_id, stages in state["to_be_made"].items():
        say(f"  to be made: {clip_id}: {', '.join(stages)}")
    for name in state["annotations_without_file"]:
        say(f"  annotation without a file: {name}")
    without = state["videos_without_annotation"]
    if without:
        say(f"  without an annotation: {counted(len(without), 'clip')} ({named(without)})")
    for line in remarks:
        say(f"  {line}")
