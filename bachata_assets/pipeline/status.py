"""The status of a collection: which clips are made, which failed and why, and which are still to be made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.failure import Failure
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.versions import StageHistory, expected_versions, outdated

INDEX_STAGE = "search_index"
"""Name of the stage that sends a clip's document to the search index."""


@dataclass(frozen=True)
class FailedClip:
    """A clip that could not be made, and why."""

    clip_id: str
    video_path: str
    failure: Failure


@dataclass(frozen=True)
class Status:
    """All clips of a collection, each made, not indexed, failed or pending.

    Attributes
    ----------
    not_indexed : clips that lack only their document in the search index
    todo : clip id -> missing or stale stages, for all clips that are not made
    """

    made: tuple[Clip, ...]
    not_indexed: tuple[Clip, ...]
    failed: tuple[FailedClip, ...]
    pending: tuple[Clip, ...]
    todo: Mapping[str, frozenset[str]]

    @classmethod
    def of(
        cls,
        clips: Mapping[str, Clip],
        stages: Sequence[Stage],
        history: Mapping[str, StageHistory],
        reason_of: Callable[[str, str], str],
    ) -> "Status":
        """Compare what should exist with what was made.

        Parameters
        ----------
        history : stage -> what is known about it
        reason_of : stage, clip id -> reason of its last failure
        """
        todo = outdated(stages, {clip_id: clip.versions for clip_id, clip in clips.items()}, history)
        failed_stages = {clip_id: _failed_stages(clips[clip_id], todo[clip_id], stages, history) for clip_id in todo}
        failed = [
            FailedClip(
                clip_id,
                clips[clip_id].video_path,
                Failure(
                    _each_once(reason_of(name, clip_id) for name in names),
                    transient=all(history[name].is_transient(clip_id) for name in names),
                ),
            )
            for clip_id, names in failed_stages.items()
            if names
        ]
        waiting = {clip_id: todo[clip_id] for clip_id, names in failed_stages.items() if not names}
        return cls(
            made=tuple(clip for clip_id, clip in clips.items() if clip_id not in todo),
            not_indexed=tuple(clips[clip_id] for clip_id, names in waiting.items() if names == {INDEX_STAGE}),
            failed=tuple(failed),
            pending=tuple(clips[clip_id] for clip_id, names in waiting.items() if names != {INDEX_STAGE}),
            todo=todo,
        )


def _failed_stages(
    clip: Clip, todo: frozenset[str], stages: Sequence[Stage], history: Mapping[str, StageHistory]
) -> list[str]:
    versions = expected_versions(stages, clip.versions)
    return [
        stage.name
        for stage in stages
        if stage.name in todo and history[stage.name].has_failed(clip.clip_id, versions[stage.name])
    ]


def _each_once(reasons: Iterable[str]) -> str:
    """Return the distinct reasons in one line: one broken file fails several stages for the same reason."""
    return "; ".join(dict.fromkeys(reasons))
