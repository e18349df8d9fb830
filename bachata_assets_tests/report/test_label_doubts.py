"""Move labels that disagree with those of the clips that move alike."""

import numpy as np

from bachata_assets.clip_record import ClipRecord
from bachata_assets.families import DIMENSIONS
from bachata_assets.report.label_doubts import FEWEST_CLIPS, LabelDoubt, doubts_of, label_doubts
from bachata_assets.report.neighbours import VIEWS, unit_vectors
from bachata_assets.report.records import KeptRecords
from bachata_assets_tests.support.documents import document

MOVES = ("dip", "turn", "walk")
EACH = 20


def collection(seed: int = 0) -> tuple[list[str], dict[str, np.ndarray]]:
    """Return labels and unit vectors of clips that move as their label says; each sounds like no other."""
    rng = np.random.default_rng(seed)
    labels = [move for move in MOVES for _ in range(EACH)]
    units = {"audio": unit_vectors(rng.normal(size=(len(labels), DIMENSIONS["audio"])))}
    for family in VIEWS["movement"]:
        centres = {move: rng.normal(size=DIMENSIONS[family]) for move in MOVES}
        rows = [centres[label] + 0.5 * rng.normal(size=DIMENSIONS[family]) for label in labels]
        units[family] = unit_vectors(np.array(rows))
    return labels, units


def test_a_wrong_label_is_doubted_and_no_right_one() -> None:
    labels, units = collection()
    silent = np.full(len(labels), np.nan)
    assert doubts_of(labels, units, silent) == {}
    labels[3], labels[25] = "walk", "dip"
    found = doubts_of(labels, units, silent)
    assert set(found) == {3, 25}
    assert (found[3].move_label, found[3].likely) == ("walk", "dip")
    assert (found[25].move_label, found[25].likely) == ("dip", "turn")
    assert found[3].confidence < 0.1 < 0.8 < found[3].likely_confidence <= 1


def test_takes_of_one_recording_do_not_vote_for_one_another() -> None:
    labels, units = collection()
    for family in VIEWS["movement"]:
        units[family][:4] = units[family][20:24]  # four takes of a turn, all of them called dip
    tempi = np.full(len(labels), np.nan)
    tempi[:4] = [120, 120.5, 120, 119.5]
    assert doubts_of(labels, units, tempi).keys() >= {0, 1, 2, 3}
    units["audio"][1:4] = units["audio"][0]
    found = doubts_of(labels, units, tempi)
    assert found[0].confidence < 0.1
    for family in VIEWS["movement"]:
        units[family][:20] = units[family][20:40]
    tempi[:20], units["audio"][:20] = 120, units["audio"][0]
    found = doubts_of(labels, units, tempi)
    assert not found.keys() & set(range(20))  # nobody else bears the label, so there is no one to ask


def test_few_clips_are_not_judged_and_unlabelled_ones_do_not_count() -> None:
    labels, units = collection()
    labels[3] = "walk"

    def records(count: int) -> list[ClipRecord]:
        places = [3, *(place for place in range(len(labels)) if place != 3)][:count]
        return [
            document(
                f"clip_{place}", move_label=labels[place], heard_tempo=None, heard_tempo_confidence=None,
                **{f"{family}_embedding": rows[place] for family, rows in units.items()},
            )
            for place in places
        ]  # fmt: skip

    def doubts(count: int) -> dict[str, LabelDoubt]:
        kept = KeptRecords()
        given = [*records(count)[:30], document("unknown", move_label="unknown"), *records(count)[30:]]
        assert [record.clip_id for record in kept.through(given)] == kept.clip_ids
        return label_doubts(kept.records, kept.units)

    assert doubts(FEWEST_CLIPS - 1) == {}
    assert doubts(60).keys() == {"clip_3"}
