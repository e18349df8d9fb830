"""`similar`: the clips most like a clip, a sentence, a video or a song."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bachata_assets.cli.options import AsJson, DataDir, clip_ids, conditions, refuse
from bachata_assets.cli.plain import say, say_json
from bachata_assets.cli.search import opened_index
from bachata_assets.cli.tables import NOTHING, console, matches_table, reasons_in_lines

if TYPE_CHECKING:
    from bachata_assets.search.asking.example import Example
    from bachata_assets.search.explanation import FamilyExplanation
    from bachata_assets.search.filters import Filters
    from bachata_assets.search.index import SearchIndex
    from bachata_assets.search.similarity import Match

MOMENTS_A_CLIP = 2
"""Default limit of moments per clip."""

By = Annotated[
    str | None,
    typer.Option("--by", help="What to compare: move, couple, lead, follow, music, words or everything."),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        help="Weight of each family, e.g. text=0.5,audio=0.5; use it instead of --by. "
        "[default: text=.35,audio=.35,lead=.1,follow=.1,interaction=.1]",
    ),
]
FilterTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="A condition: difficulty=beginner, tempo=100..130, min_quality=0.6; may be repeated.",
        autocompletion=conditions,
    ),
]


def similar(
    clip_id: Annotated[
        str | None, typer.Argument(help="A clip of the collection.", metavar="CLIP", autocompletion=clip_ids)
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="A sentence in free form, instead of a clip.")] = None,
    video: Annotated[
        Path | None, typer.Option("--video", help="A video that is not in the collection, instead of a clip.")
    ] = None,
    song: Annotated[
        Path | None, typer.Option("--song", help="An mp3, wav, m4a, flac or ogg file, or a video for its sound.")
    ] = None,
    start: Annotated[float | None, typer.Option("--from", help="Start of the part of the song or clip, s.")] = None,
    end: Annotated[float | None, typer.Option("--to", help="End of the part of the song or clip, s.")] = None,
    by: By = None,
    weights: Weights = None,
    filters: FilterTexts = None,
    other_song: Annotated[
        bool, typer.Option("--other-song", help="Leave out clips with the same recording, where it is recognized.")
    ] = False,
    diverse: Annotated[
        bool,
        typer.Option("--diverse", help="Prefer clips that also differ from one another: not ten takes of one move."),
    ] = False,
    size: Annotated[int, typer.Option("--size", min=1, max=1000, help="How many clips to show.")] = 10,
    per_clip: Annotated[
        int | None,
        typer.Option("--per-clip", min=1, max=1000, help="How many moments of one clip to show at most. [default: 2]"),
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Explain which movements, body parts and sounds are alike.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the clips most like a clip, a video or a song, or those that a sentence describes.

    For a song, it shows clips that fit its tempo, its double or its half within 4 %, unless a filter names a tempo.
    For a part of a clip, it shows the moments that are most like it.

    For example:

    ```sh
    bachata-assets similar basic_step_1 --filter difficulty=beginner
    bachata-assets similar basic_step_1 --by move --other-song
    bachata-assets similar --text "romantic slow turn"
    bachata-assets similar --song song.mp3 --from 60 --to 90
    bachata-assets similar basic_step_1 --from 2 --to 6 --why
    ```
    """
    from bachata_assets.cli.moments import show_moments
    from bachata_assets.search.filters import Filters
    from bachata_assets.search.similarity import parse_weights

    if sum(given is not None for given in (clip_id, text, video, song)) > 1:
        refuse("give only one of: a clip, --text, --video, --song")
    of_clip = song is None and not (start is None and end is None)
    if of_clip and (clip_id is None or other_song or diverse):
        refuse("--from and --to select a part of a --song, or of a clip without --other-song and --diverse")
    if per_clip and not of_clip:
        refuse("--per-clip limits the moments that a part of a clip finds: add --from or --to")
    if by is not None and weights is not None:
        refuse("--by is a name for weights: use either --by or --weights")
    with opened_index(data_dir) as index:
        example = example_of(video, song, start, end, data_dir)
        asked = Filters.parse(filters or [])
        chosen = parse_weights(weights) if weights else None
        wanted: dict[str, Any] = {"by": by, "weights": chosen, "filters": asked, "size": size}
        if of_clip:
            moments = index.find_moments(
                clip_id, start=start, end=end, per_clip=per_clip or MOMENTS_A_CLIP, why=why, **wanted
            )
            if not moments:
                require_known_labels(asked, data_dir)
            show_moments(moments, as_json=as_json)
            return
        found = index.find_similar(
            clip_id, vectors=example, text=text, other_song=other_song, diverse=diverse, **wanted
        )
        if not found:
            require_known_labels(asked, data_dir)
        reasons = _reasons(index, clip_id, example, found) if why else {}
    show_matches(found, reasons, as_json=as_json)


def show_matches(found: "list[Match]", reasons: "Mapping[str, dict[str, FamilyExplanation]]", *, as_json: bool) -> None:
    """Print the matches and the reasons: as a table, or as the JSON list that docs/finding.md describes."""
    if as_json:
        say_json([match.to_dict() | _as_plain(reasons.get(match.clip_id)) for match in found])
        return
    if not found:
        say(NOTHING, err=True)
        return
    shown = console()
    shown.print(matches_table(found, shown.width))
    for other, families in reasons.items():
        say(other)
        for line in reasons_in_lines(families):
            say(line)


def require_known_labels(filters: "Filters", data_dir: str | None) -> None:
    """Refuse a filter by a label that no clip has.

    Raises
    ------
    QueryError
        Lists the known labels.
    """
    from bachata_assets.collection.dataset import Dataset
    from bachata_assets.collection.labels import labels_of
    from bachata_assets.search.errors import QueryError
    from bachata_assets.settings import load_settings

    for name, known in labels_of(Dataset(url=load_settings(data_dir=data_dir).data_dir)).items():
        unknown = [value for value in getattr(filters, name) if value not in known]
        if unknown:
            raise QueryError(f"filters: no clip has {name}={unknown[0]}; choose from {', '.join(known)}")


def example_of(
    video: Path | None, song: Path | None, start: float | None, end: float | None, data_dir: str | None
) -> "Example | None":
    """Return the query made from a video or a song; None without either."""
    if video is None and song is None:
        return None
    from bachata_assets.commands.embed import song_of, video_of
    from bachata_assets.pipeline.examples import ExampleError
    from bachata_assets.settings import load_settings

    settings = load_settings(data_dir=data_dir)
    try:
        return song_of(song, start, end, settings) if song else video_of(video, settings) if video else None
    except ExampleError as error:
        refuse(str(error))


def _reasons(
    index: "SearchIndex", clip_id: str | None, example: "Example | None", found: "list[Match]"
) -> "dict[str, dict[str, FamilyExplanation]]":
    """Return why each match is like the clip of the query."""
    from bachata_assets.search.errors import QueryError
    from bachata_assets.search.explanation import explain

    if clip_id is None and example is None:
        raise QueryError("--why compares movements and sounds: ask about a clip, not a text")
    asked = index.question(clip_id, example)
    others = {match.clip_id: index.get_embedding_by_id(match.clip_id) for match in found}
    return {name: explain(asked.vectors, other.vectors) for name, other in others.items() if other}


def _as_plain(reasons: "dict[str, FamilyExplanation] | None") -> dict[str, Any]:
    return {"why": {family: asdict(reason) for family, reason in reasons.items()}} if reasons else {}
