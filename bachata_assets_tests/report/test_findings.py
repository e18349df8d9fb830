"""What is wrong with a clip, in sentences, and the moment to look at."""

from importlib.resources import files

import numpy as np
import pytest

from bachata_assets.pipeline.checks import clip_checks
from bachata_assets.pose.detection_timeline import detection_timeline
from bachata_assets.report.findings import _SENTENCES, message, moment


def test_a_timeline_shows_where_both_dancers_are_found() -> None:
    valid = np.ones((400, 2), bool)
    valid[100:200, 1] = False
    valid[200:205] = False
    assert detection_timeline(valid) == "9" * 10 + "0" * 10 + "4" + "9" * 19


def test_a_clip_of_a_few_frames_has_a_short_timeline() -> None:
    assert detection_timeline(np.array([[True, True], [True, False], [True, True]])) == "909"
    assert detection_timeline(np.zeros((0, 2), bool)) == ""


@pytest.mark.parametrize(
    ("warnings", "timeline", "seconds", "expected"),
    [
        ({"identities_stable": {"at_s": [3.5, 7.0]}}, "99990000", 8.0, 3.5),
        ({}, "99009990000999999999", 20.0, 9.0),
        ({}, "9999", 12.0, 6.0),
        ({}, "", 12.0, 6.0),
    ],
)
def test_the_moment_to_look_at_is_an_identity_switch_or_the_longest_gap_or_the_middle(
    warnings: dict[str, dict[str, list[float]]], timeline: str, seconds: float, expected: float
) -> None:
    assert moment(warnings, timeline, seconds) == expected


def test_findings_are_sentences() -> None:
    assert message("quality_at_least_half", {"quality_score": 0.431, "at_least": 0.5}) == "Quality 0.43 is below 0.5."
    assert message("audio_embedding_present", {"reason": "the file has no audio stream"}) == (
        "No audio vector: the file has no audio stream."
    )
    unclear = message("lead_follow_certain", {"role_confidence": 0.62, "leader_at": "left"})
    assert unclear.startswith("Unclear who leads (62% sure): the dancer who starts on the left was taken")
    assert unclear.endswith('write "lead": "right" into the annotation.')
    assert message("lead_follow_certain", {"role_confidence": 0.62}) == "Unclear who leads (62% sure)."
    mirror = {"couples_seen": 1, "mirror_images": 2, "couple_confidence": 0.5}
    assert message("one_couple", mirror).startswith(
        "2 of the people may be images in a mirror (50% sure of the couple)."
    )
    two = {"couples_seen": 2, "mirror_images": 0, "couple_confidence": 0.57}
    assert message("one_couple", two).startswith("2 couples are seen, and it is unclear which is meant (57% sure).")
    assert "`bachata-assets preview CLIP --people`" in message("one_couple", two)
    switches = {"identity_switches": 2, "at_s": [13.2, 14.61]}
    said = "The dancers may have been mistaken for each other, or for somebody else, at 13.2, 14.6 s."
    assert message("identities_stable", switches) == said


def test_findings_of_parts_of_a_clip_are_sentences() -> None:
    assert message("poses_are_certain", {"certain_rate": 0.118, "at_least": 0.5}).startswith(
        "Both poses are certain in only 12% of the frames: "
    )
    unseen = {"moments": 7, "without": 2, "at_most": 0, "at_s": [0.2, 12.0]}
    assert message("moments_present", unseen) == (
        "2 of 7 moments have no vector, since nobody is seen for a second from 0.2, 12.0 s on."
    )
    one, none = ({"edges": edges, "at_least": 2, "reason": "the lead was not seen"} for edges in (1, 0))
    assert message("transitions_present", one) == (
        "`next` and `chain` can use only one end of it: the lead was not seen."
    )
    assert "can use neither end of it" in message("transitions_present", none)
    broken = {"non_finite": 3, "at_most": 0, "reason": "3 numbers are NaN or Inf"}
    assert message("lead_embedding_finite", broken) == (
        "In the lead vector, 3 numbers are NaN or Inf: report this as a bug, with the clip."
    )


def test_every_check_has_a_sentence_for_either_answer() -> None:
    passed = (files("bachata_assets.report") / "web" / "facts.mjs").read_text()
    for check in clip_checks(0.5):
        assert check.name in _SENTENCES or check.name.endswith(("_embedding_present", "_finite")), check.name
        assert f"  {check.name}: (" in passed or "_embedding_" in check.name, check.name


def test_an_answer_without_its_figures_gives_a_sentence_all_the_same() -> None:
    for check in clip_checks(0.5):
        assert message(check.name, {"hands": 0.25}).endswith("no (hands 0.25).")
