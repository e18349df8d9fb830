"""Damaged and hostile video files through the real pipeline: nothing wrong may be called right.

    uv run python -m benchmarks.platform.faults --n 300 --seed 1
    uv run python -m benchmarks.platform.faults --n 24 --clips data/sample/videos    # drawn clips only
    uv run python -m benchmarks.platform.faults --n 300 --first 100 --minutes 30     # goes on with an earlier call
    uv run python -m benchmarks.platform.faults --n 104 --seed 5 --h265              # H.265 in mov alone
    uv run python -m benchmarks.platform.faults --n 24 --seed 5 --codec mjpeg av1    # what is noticed of wrong bits

Short clips are cut from the given folders, in eight forms of mp4, mov and avi. Each mutation is one file that the
stages of the pipeline read in worker processes; what is made is compared with what is made of the file as it was.
Counted are, all to be zero (else the exit code is 1):

- crash: an exception in the process that keeps the books;
- hang: a stage that is not done within the limit of time;
- wrong success: a clip without any warning that its original has not got (of damage: with other figures), one of whose
  vectors has a cosine below 0.9 to the original's. A file that only says something else of itself is another clip, and
  not counted: one that is turned by its display matrix, sped up by its time scale, or cut by its edit list, and one
  that is the other file of a splice, whole;
- unclear message: of more than one line, with a traceback, without the file's name, or without what to do.

With `--codec` 1 to 16 wrong bits are put into one picture of each file. No model is run; the pictures that the pipeline
would see are compared with the original's: how many files are noticed, and how many pictures of the others are wrong.
"""

import argparse
import math
import re
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bachata_assets.annotation import Annotation
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.clip_tables import vector_of
from bachata_assets.collection.dataset import Dataset
from bachata_assets.inference.precision import effective_precision
from bachata_assets.pipeline.checks import clip_checks
from bachata_assets.pipeline.runner import Event, Runner, StageFailed, StageMade
from bachata_assets.pipeline.stages import vector_stages
from bachata_assets.pipeline.tools import Models, PoseModelsProvider, SearchIndexProvider, TextModelProvider, Tools
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets.pipeline.workers.processes import WorkerProcesses
from bachata_assets.settings import load_settings
from bachata_assets.video.damage import Damage
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.paths import REAL_CLIPS, SAMPLE
from benchmarks.support.mutations import MUTATIONS, Victim, flip_few_bits_of_a_picture, is_another_clip
from benchmarks.support.short_clips import BY_CODEC, FORMS, H265, Form, write_short

SECONDS = 4.0
"""Length of the short clips, s: of shorter ones, vectors change much where a single picture is missing."""
LIMIT_S = 300.0
"""Time that a stage may take, s; the slowest takes two on an idle machine, and much longer on a busy one."""
MEMORY_GB = 4.0
COSINE = 0.9
BATCH = 20
FAMILIES = ("lead", "follow", "interaction", "audio")
REMEDY = re.compile(r"(?i)\b(export|copy|remove|re-encode|raise|cut|give|check|mend|report|turn|free)\b")
DAMAGE = "file_is_intact"
WRONG = ("crash", "hang", "wrong success", "unclear message")
"""Outcomes that fail the benchmark."""
FAR = 1.0
"""Mean difference of a picture's values, of 255, from which on it is not the one that was filmed."""


@dataclass
class Result:
    """What the pipeline made of one file.

    Attributes
    ----------
    vectors : family -> vector, of those that were made
    warnings : names of the checks that it does not pass, with the figures
    failures : messages of the stages that failed for themselves
    crash : traceback of an exception that nothing held
    """

    vectors: dict[str, np.ndarray] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    crash: str = ""


class Pipeline:
    """The stages up to the vectors, in worker processes, over a data dir of its own."""

    def __init__(self, data_dir: Path) -> None:
        pose = PoseModelsProvider("bundled", effective_precision("auto"))
        models = Models(pose, TextModelProvider())
        self._tools = Tools(Dataset(str(data_dir)), models, SearchIndexProvider(load_settings(), ""))
        self._stages = [stage for stage in vector_stages(pose.fingerprint()) if stage.name != "text_embedding"]
        self._models = models

    def __call__(self, files: Sequence[Path]) -> dict[Path, Result]:
        """Return what is made of each file, whose names are all different."""
        results = {path.name: Result() for path in files}
        clips = [Clip(path.name, path, path.name, Annotation(), {"clip_file": path.name}) for path in files]
        workers = WorkerProcesses(self._models, Limits(LIMIT_S, MEMORY_GB))
        runner = Runner(self._stages, clip_checks(0.5), self._tools, workers)
        try:
            for event in runner.run(clips):
                self._take(event, results[event.clip_id])
        except Exception:  # noqa: BLE001  # whatever it is, it is counted
            results[files[0].name].crash = traceback.format_exc()
        return {path: results[path.name] for path in files}

    def _take(self, event: Event, result: Result) -> None:
        for outcome in event.outcomes:
            if not outcome.passed:
                result.warnings[outcome.check.name] = str(dict(outcome.metadata))
        if isinstance(event, StageFailed) and event.version is not None:
            result.failures.append(event.failure.reason)
        if isinstance(event, StageMade) and event.stage.name.endswith("_embedding"):
            vector = vector_of(self._tools.dataset.read_table(event.stage.name, event.clip_id))
            if vector is not None:
                result.vectors[event.stage.name.removesuffix("_embedding")] = vector


def judged(path: Path, result: Result, original: Result) -> tuple[str, str]:
    """Return the outcome of a mutated file, and what there is to say of it."""
    unclear = [message for message in result.failures if is_unclear(message, path.name)]
    unclear += [text for text in result.warnings.values() if "\n" in text or "Traceback" in text]
    alike = {family: cosine(result.vectors.get(family), original.vectors.get(family)) for family in FAMILIES}
    failures = "; ".join(result.failures)
    outcomes = {
        "crash": result.crash,
        "hang": failures if "not done after" in failures else "",
        "unclear message": "; ".join(unclear),
        "failed by name": failures,
        "made, with a warning": ", ".join(new_warnings(result, original)),
        "wrong success": ", ".join(f"{family} {value:.2f}" for family, value in alike.items() if value < COSINE),
        "made, as the original": "yes",
    }
    return next((outcome, said) for outcome, said in outcomes.items() if said)


def new_warnings(result: Result, original: Result) -> list[str]:
    """Return the warnings that the original has not got; one of damage counts when its figures are others."""
    return [
        name
        for name, figures in result.warnings.items()
        if name not in original.warnings or (name == DAMAGE and figures != original.warnings[name])
    ]


def is_unclear(message: str, name: str) -> bool:
    """Tell whether a message is of several lines, shows code, or says not of which file it is or what to do."""
    return "\n" in message or "Traceback" in message or name not in message or not REMEDY.search(message)


def cosine(one: np.ndarray | None, other: np.ndarray | None) -> float:
    """Return the cosine of two vectors; 1 where both are absent, 0 where one is."""
    if one is None or other is None:
        return float(one is other)
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


def originals(folders: Iterable[Path], sources: int, folder: Path, forms: Sequence[Form] = FORMS) -> list[list[Path]]:
    """Write short clips of some files of each folder; return those of each form."""
    found = [sorted(path.rglob("*.mp4"), key=lambda file: file.stat().st_size)[:sources] for path in folders]
    clips = [clip for some in found for clip in some]
    if not clips:
        raise SystemExit(f"There is no .mp4 in {', '.join(map(str, folders))}: give a folder with --clips.")
    return [[write_short(clip, form, SECONDS, folder) for clip in clips] for form in forms]


@dataclass(frozen=True)
class Mutated:
    """A mutated file, what it was made of, which other file it may have parts of, and how."""

    path: Path
    original: Path
    other: Path
    mutation: str


def mutated(
    numbers: Iterable[int], seed: int, forms: Sequence[Sequence[Path]], victims: Mapping[Path, Victim], folder: Path
) -> list[Mutated]:
    """Write the mutated files of these numbers; each mutation has its turn."""
    files = []
    for number in numbers:
        random = np.random.default_rng([seed, number])
        name, mutate = list(MUTATIONS.items())[number % len(MUTATIONS)]
        form = forms[int(random.integers(len(forms)))]
        one, other = (form[index] for index in random.choice(len(form), 2, replace=len(form) < 2))
        path = folder / f"{seed}-{number:04}-{re.sub('[^a-z]+', '_', name)}{one.suffix}"
        path.write_bytes(mutate(victims[one], victims[other], random))
        files.append(Mutated(path, one, other, name))
    return files


def say_what_is_noticed(codecs: Iterable[str], given: argparse.Namespace, folder: Path) -> None:
    """Print, for each codec, what is noticed of wrong bits in one picture of a file, and what is not."""
    kinds = ("failed by name", "damage noticed", "in silence, as filmed", "in silence, 1 to 5 pictures off",
             "in silence, more pictures off")  # fmt: skip
    print(f"| codec | files | {' | '.join(kinds)} |\n|---|{'---:|' * (len(kinds) + 1)}")
    for codec in codecs:
        (clips,) = originals(given.clips, given.sources, folder, [BY_CODEC[codec]])
        whole = {path: list(sample_frames(path)) for path in clips}
        counts: Counter[str] = Counter()
        for number in range(given.first, given.n):
            random = np.random.default_rng([given.seed, number])
            clip = clips[number % len(clips)]
            path = folder / f"{given.seed}-{number:04}-{clip.name}"
            path.write_bytes(flip_few_bits_of_a_picture(Victim.of(clip.read_bytes()), random))
            counts[kinds[_noticed(path, whole[clip])]] += 1
            path.unlink()
        print(f"| {codec} | {counts.total()} | {' | '.join(str(counts[kind]) for kind in kinds)} |", flush=True)


def _noticed(path: Path, whole: Sequence[tuple[float, np.ndarray]]) -> int:
    """Return which of the five kinds of `say_what_is_noticed` a file is."""
    damage = Damage()
    try:
        pictures = list(sample_frames(path, damage=damage))
    except UnreadableVideoError:
        return 0
    if damage.times or len(pictures) != len(whole):
        return 1
    off = sum(
        float(np.abs(one.astype(np.int16) - other).mean()) > FAR
        for (_, one), (_, other) in zip(pictures, whole, strict=True)
    )
    return 2 + (off > 0) + (off > 5)


def main() -> None:
    given = arguments().parse_args()
    if given.codec:
        with tempfile.TemporaryDirectory() as temporary:
            say_what_is_noticed(given.codec, given, Path(temporary))
        return
    outcomes: Counter[tuple[str, str]] = Counter()
    until = time.monotonic() + 60 * given.minutes
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        forms = originals(given.clips, given.sources, folder, [H265] if given.h265 else FORMS)
        victims = {path: Victim.of(path.read_bytes()) for form in forms for path in form}
        pipeline = Pipeline(folder / "data")
        made: dict[Path, Result] = {}
        for start in range(given.first, given.n, BATCH):
            if time.monotonic() > until:
                print(f"The time is over before file {start} of {given.n}: go on with --first {start}.")
                break
            files = mutated(range(start, min(start + BATCH, given.n)), given.seed, forms, victims, folder)
            new = {file.original for file in files} - made.keys()
            made |= pipeline([*sorted(new), *(file.path for file in files)])
            for file in files:
                if made[file.original].failures:
                    raise SystemExit(f"The original cannot be made: {made[file.original].failures[0]}")
                outcome, said = judged(file.path, made.pop(file.path), made[file.original])
                content = file.path.read_bytes()
                # Where two files have the same head, the second one is spliced to what it was.
                whole = content == victims[file.other].content
                if outcome == "wrong success" and (whole or is_another_clip(victims[file.original].content, content)):
                    outcome = "made, another clip"
                outcomes[file.mutation, outcome] += 1
                if outcome in WRONG:
                    print(f"{outcome}: {file.path.name} (of {file.original.name}): {said}", flush=True)
                    if given.keep:
                        keep(given.keep, file)
                file.path.unlink()
    say(outcomes)
    if any(outcome in WRONG for _, outcome in outcomes):
        raise SystemExit(1)


def arguments() -> argparse.ArgumentParser:
    """Return the flags."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=300, help="number of mutated files")
    parser.add_argument("--first", type=int, default=0, help="number of the first file: goes on with an earlier call")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after this time, with fewer files")
    parser.add_argument("--clips", type=Path, nargs="+", default=[REAL_CLIPS / "Bachata_steps", SAMPLE / "videos"],
                        help="folders of clips that are cut; those that are not there are left out")  # fmt: skip
    parser.add_argument("--sources", type=int, default=2, help="clips of each folder, the smallest files first")
    parser.add_argument("--h265", action="store_true", help="files of H.265 alone, of which wrong bits stay unnoticed")
    parser.add_argument("--codec", choices=BY_CODEC, nargs="+", help="what is noticed of wrong bits in its pictures")
    parser.add_argument("--keep", type=Path, help="folder that gets the files that were not met rightly")
    return parser


def keep(folder: Path, file: Mutated) -> None:
    """Copy a mutated file and its original into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (file.path, file.original):
        shutil.copy2(path, folder)


def say(outcomes: Counter[tuple[str, str]]) -> None:
    """Print the table."""
    made = ("made, with a warning", "made, as the original", "made, another clip")
    columns = ("failed by name", *made, *WRONG)
    print(f"| mutation | files | {' | '.join(columns)} |\n|---|{'---|' * (len(columns) + 1)}")
    for name in dict.fromkeys(name for name, _ in outcomes):
        counts = [outcomes[name, column] for column in columns]
        print(f"| {name} | {sum(counts)} | {' | '.join(map(str, counts))} |")
    totals = [sum(count for (_, outcome), count in outcomes.items() if outcome == column) for column in columns]
    print(f"| all | {sum(totals)} | {' | '.join(map(str, totals))} |")


if __name__ == "__main__":
    main()
