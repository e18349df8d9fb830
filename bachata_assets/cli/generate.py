"""`generate` and `sample`: the embeddings of a folder of clips, and a sample folder to try it on."""

import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bachata_assets.cli.commands import INTERRUPTED
from bachata_assets.cli.options import DataDir, refuse
from bachata_assets.cli.plain import say

if TYPE_CHECKING:
    from bachata_assets.commands.generate import Generated

VideoDir = Annotated[
    str,
    typer.Option(
        "--video_dir", metavar="PATH", help="Folder of clips, searched recursively, or an s3:// or gs:// URL."
    ),
]
Annotations = Annotated[
    str | None,
    typer.Option(
        "--annotations",
        metavar="PATH",
        help="JSON file of annotations, or its URL. Without it, every clip has the fallback values.",
    ),
]
Environment = Annotated[
    str | None,
    typer.Option("--environment", help="Where secrets come from: local or cloud. [default: local]"),
]
CheckpointPath = Annotated[
    Path | None,
    typer.Option("--checkpoint_path", help="Folder of model checkpoints; overrides the setting."),
]
IndexWhen = Annotated[
    Literal["now", "later"],
    typer.Option("--index", help="later: make everything except the documents in the index, e.g. while it is down."),
]
EveryCouple = Annotated[
    bool | None,
    typer.Option(
        "--every_couple/--one_couple",
        help="Make a clip of every couple in a video: CLIP__couple_2 and so on. [default: as in earlier runs, or one]",
        show_default=False,
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Log details and tracebacks.")]


def generate(
    video_dir: VideoDir,
    annotations: Annotations = None,
    environment: Environment = None,
    checkpoint_path: CheckpointPath = None,
    data_dir: DataDir = None,
    index: IndexWhen = "now",
    every_couple: EveryCouple = None,
    debug: Debug = False,
) -> None:
    r"""Make the embeddings of all clips that are new, have changed or failed before.

    Exits with 0 when everything is made: every clip, its document in the index, and the report. Exits with 1 when
    any of these is missing, and with 2 for a wrong call or an unusable data dir.

    For example (the last call takes its secrets from a Google Cloud project):

    ```sh
    bachata-assets generate --video_dir data/Bachata_steps
    bachata-assets generate --video_dir data/Bachata_steps \
      --annotations data/bachata_annotations.json
    GCP_PROJECT_ID=dance bachata-assets generate --environment cloud \
      --video_dir data/Bachata_steps
    ```
    """
    from bachata_assets.cli.progress import log_on_terminal
    from bachata_assets.collection import layout
    from bachata_assets.collection.folders import folders_of
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.commands.generate import generate as run
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.orchestration.instance import local_folder, open_instance
    from bachata_assets.search.errors import SearchError
    from bachata_assets.settings import SettingsError, load_settings

    try:
        settings = load_settings(
            video_dir=video_dir,
            annotations=annotations,
            environment=environment,
            mmpose_checkpoint_path=checkpoint_path,
            data_dir=data_dir,
            every_couple=every_couple,
        )
        platform = build_platform(settings)
        platform.require_models()
        folders_of(settings, platform.dataset).require()
        log = local_folder(settings.data_dir) / layout.LOG
        with log_on_terminal(log, debug=debug), open_instance(settings.data_dir, settings) as instance:
            done = run(platform, instance, index_later=index == "later")
    except SearchError as error:
        refuse(f"{str(error).rstrip('.')}. Nothing was made. `--index later` makes everything except the index.")
    except (SettingsError, *ScanError) as error:
        refuse(str(error))
    except KeyboardInterrupt:
        with suppress(OSError):  # a terminal that has closed
            typer.echo("Stopped. What is made is kept; run the same command again to continue.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    _say_result(done, settings.data_dir, log)
    raise typer.Exit(0 if done.is_whole else 1)


def sample(
    folder: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("data/sample"),
) -> None:
    """Render the sample collection: four short clips of a drawn couple with music, and the ground truth of both.

    For example:

    ```sh
    bachata-assets sample sample_clips
    ```
    """
    from bachata_assets.synthetic.sample import write_sample_collection

    write_sample_collection(folder)
    say(f"Wrote the sample collection to {folder}")


def _say_result(done: "Generated", data_dir: str, log: Path) -> None:
    from bachata_assets.collection import layout
    from bachata_assets.collection.remarks import counted
    from bachata_assets.orchestration.instance import dagster_home

    status = done.status
    made = len(status.made) + len(status.not_indexed)
    typer.echo(f"Clips: {made} made, {len(status.failed)} failed, {done.tried} processed this time.")
    for clip in status.failed:
        say(f"  failed: {clip.clip_id} ({clip.video_path}): {clip.failure.reason}", err=True)
    if status.not_indexed:
        clips = counted(len(status.not_indexed), "clip")
        say(f"  not indexed yet: {clips}; the same command without --index later indexes them")
    for pending in status.pending:
        say(f"  not made: {pending.clip_id}: see {log}", err=True)
    for entry in done.scan.without_file:
        say(f"  annotation without a file: {entry.name}", err=True)
    if done.index_error:
        say(f"  the index does not match the tables: {done.index_error}", err=True)
    folder = data_dir if "://" in data_dir else str(Path(data_dir).absolute())
    if done.report_error:
        say(f"  the report could not be made: {done.report_error}", err=True)
        say(f"The tables of the clips are in {folder}, the log is {log}")
    else:
        say(f"Report: {folder}/{layout.PAGE}")
        say(f"Beside it: {layout.EMBEDDINGS}, {layout.REPORT}, the log in {log}")
    variables = f"DAGSTER_HOME={shlex.quote(str(dagster_home(data_dir)))} BACHATA_DATA_DIR={shlex.quote(folder)}"
    say(f"In Dagster: {variables} {_dagster_dev()}")


def _dagster_dev() -> str:
    """Return the command that opens the platform from any folder."""
    import bachata_assets

    program = Path(sys.executable).with_name("dagster")
    workspace = Path(bachata_assets.__file__).parents[1] / "workspace.yaml"
    code = f"-w {shlex.quote(str(workspace))}" if workspace.is_file() else "-m bachata_assets.definitions"
    return f"{shlex.quote(str(program))} dev {code}"
