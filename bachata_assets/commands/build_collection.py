"""`build_collection`: turn a folder of videos into vectors with one call, for notebooks and scripts."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.commands.generate import generate
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.search.index import SearchIndex, open_index
from bachata_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Collection:
    """A collection that has been made.

    Attributes
    ----------
    settings : the settings it was made with
    made : ids of the clips that are made, sorted
    failed : clip id -> why it could not be made
    """

    settings: Settings
    made: tuple[str, ...]
    failed: dict[str, str]

    def embeddings(self) -> "pd.DataFrame":
        """Return the table of all clips, indexed by clip id: labels, figures, and the five vectors.

        Returns
        -------
        pd.DataFrame
            A vector is float32 (D,) in a column such as `lead_embedding`, None where it is absent.
        """
        table = self._dataset.read_parquet(layout.EMBEDDINGS)
        if table is None:
            raise FileNotFoundError(
                f"{self._dataset.path(layout.EMBEDDINGS)} does not exist: build the collection again"
            )
        return table.to_pandas().set_index("clip_id")

    def index(self) -> SearchIndex:
        """Return its search index, open for reading: `find_similar` and `get_embedding_by_id`."""
        return open_index(self.settings)

    @property
    def report(self) -> str:
        """Path or URL of its report page."""
        return self._dataset.path(layout.PAGE)

    @property
    def _dataset(self) -> Dataset:
        return Dataset(url=self.settings.data_dir)

    def __repr__(self) -> str:
        return f"Collection({self.settings.data_dir!r}, {len(self.made)} made, {len(self.failed)} failed)"


def build_collection(
    video_dir: str | Path, annotations: str | Path | None = None, data_dir: str | Path = "data", **settings: Any
) -> Collection:
    """Make the embeddings of all clips that are new, have changed or failed before, like `bachata-assets generate`.

    A failed clip does not stop the others; the returned `failed` lists it.

    Parameters
    ----------
    video_dir : folder of clips, searched recursively, or an s3:// or gs:// URL
    annotations : JSON file of annotations, or its URL; without it, every clip has the fallback values
    data_dir : folder of all results, or an s3:// or gs:// URL
    settings : other settings by name, for example `model_set="rtmpose-m"`. Files are read in this process, since a
        script without `if __name__ == "__main__":` cannot start others; use `workers="processes"` if yours has it.

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
        If the clips, the annotations or the settings cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from bachata_assets import build_collection
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     collection = build_collection("data/sample/videos/basic_steps", "data/sample/annotations.json", folder)
    ...     clips = collection.embeddings()
    >>> collection.made, collection.failed
    (('basic_step_1',), {})
    >>> clips.loc["basic_step_1", "move_label"], clips.loc["basic_step_1", "lead_embedding"].shape
    ('basic_step', (512,))
    """
    given: dict[str, Any] = {"workers": "in_process"} | settings
    loaded = load_settings(
        video_dir=str(video_dir),
        annotations=str(annotations) if annotations else None,
        data_dir=str(data_dir),
        **given,
    )
    platform = build_platform(loaded)
    platform.require_models()
    with open_instance(loaded.data_dir) as instance:
        status = generate(platform, instance).status
    made = tuple(sorted(clip.clip_id for clip in status.made))
    return Collection(loaded, made, {clip.clip_id: clip.failure.reason for clip in status.failed})
