"""A machine whose CPU computes in another precision than the collection's says so, and makes nothing by itself."""

import pytest

from bachata_assets.collection.dataset import Dataset
from bachata_assets.pipeline import tools
from bachata_assets.pipeline.failure import Failure
from bachata_assets.pipeline.tools import PoseModelsProvider, PrecisionError
from bachata_assets_tests.support.workplace import Workplace

REFUSED = (
    "Error: BACHATA_PRECISION: the collection is in bf16, and this machine's CPU computes in f32, whose vectors "
    "differ: use a machine whose CPU has bf16, or set BACHATA_PRECISION=mixed to take both"
)


@pytest.fixture
def without_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "computes_bf16", lambda: False)


@pytest.mark.usefixtures("without_bf16")
@pytest.mark.parametrize("workers", ["processes", "in_process"])
def test_generate_refuses_in_one_line_before_any_clip(
    place: Workplace, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACHATA_WORKERS", workers)
    Dataset(url=str(place.data)).remember(precision="bf16")
    (place.data / "keypoints" / "basic_step_1.parquet").unlink()
    before = place.tables()
    result = place.generate()
    assert result.exit_code == 2, result.output
    assert result.output.splitlines()[-1] == REFUSED
    assert place.tables() == before


@pytest.mark.usefixtures("without_bf16")
def test_what_takes_no_poses_is_made_on_any_machine(place: Workplace) -> None:
    (place.data / "text_embedding" / "basic_step_1.parquet").unlink()
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert (place.data / "text_embedding" / "basic_step_1.parquet").is_file()


@pytest.mark.usefixtures("without_bf16")
def test_a_clip_of_a_run_fails_for_the_time_being() -> None:
    with pytest.raises(PrecisionError) as refused:
        PoseModelsProvider("bundled", "bf16").require_precision()
    assert Failure.of(refused.value).transient


@pytest.mark.usefixtures("without_bf16")
@pytest.mark.parametrize(
    "chosen",
    [PoseModelsProvider("bundled", "f32"), PoseModelsProvider("bundled", "bf16", mixed=True)],
)
def test_f32_and_both_are_taken(chosen: PoseModelsProvider) -> None:
    chosen.require_precision()


def test_a_cpu_with_bf16_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "computes_bf16", lambda: True)
    PoseModelsProvider("bundled", "bf16").require_precision()


def test_taking_both_changes_no_fingerprint() -> None:
    both = PoseModelsProvider("bundled", "bf16", mixed=True)
    assert both.fingerprint() == PoseModelsProvider("bundled", "bf16").fingerprint()
