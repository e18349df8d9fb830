"""`annotate`: apply the changes of the report page to the annotation file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bachata_assets.cli.options import AsJson, DataDir, refuse
from bachata_assets.cli.plain import say, say_json

if TYPE_CHECKING:
    from bachata_assets.commands.annotate import Annotated as Done


def annotate(
    apply: Annotated[Path, typer.Option("--apply", help="The patch file from the report page.")],
    dry_run: Annotated[bool, typer.Option("--dry_run", help="Only show the changes.")] = False,
    annotations: Annotated[
        Path | None,
        typer.Option("--annotations", help="The annotation file to write. [default: as last used here]"),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the changes made on the report page into the annotation file.

    Order, unknown fields and all other entries of the file stay as they are. If a field has changed in the file since
    the page was made, the command names it and writes nothing. Afterwards, `generate` makes what is stale.

    For example:

    ```sh
    bachata-assets annotate --apply patch.json --dry-run
    bachata-assets annotate --apply patch.json
    ```
    """
    from bachata_assets.collection.patching.patch import PatchError, load_patch
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.commands.annotate import annotate as run
    from bachata_assets.settings import SettingsError, load_settings

    try:
        done = run(load_settings(data_dir=data_dir, annotations=annotations), load_patch(apply), dry_run=dry_run)
    except (PatchError, SettingsError, *ScanError) as error:
        refuse(str(error))
    if as_json:
        say_json(done.to_dict(dry_run=dry_run))
    else:
        _say(done, dry_run)


def _say(done: "Done", dry_run: bool) -> None:
    from bachata_assets.collection.remarks import counted

    for change in done.changes:
        say(f"{change.clip_id}: {change.field}: {_shown(change.before)} -> {_shown(change.after)}")
    for clip_id, stages in done.stale.items():
        say(f"  to be made again: {clip_id}: {', '.join(stages) or 'nothing'}")
    for clip_id in done.left_out:
        say(f"  left out, since it shows no couple: {clip_id}; `bachata-assets prune` removes what was made from it")
    clips = counted(len(done.stale) + len(done.left_out), "clip")
    if not done.changes:
        say(f"Nothing changes: {done.path} has all of these values already.")
    elif dry_run:
        say(f"{counted(len(done.changes), 'field')} of {clips} would change in {done.path}. Nothing is written.")
    else:
        changed = counted(len(done.changes), "field")
        say(f"Wrote {done.path}: {changed} of {clips}. `bachata-assets generate` makes what is stale.")


def _shown(value: Any) -> str:
    return "(nothing)" if value is None else json.dumps(value, ensure_ascii=False)
