"""Write `docs/first_run.md`: what a person sees of the first commands on a machine where nothing was exported yet.

    uv run python -m scripts.make_transcripts

The commands are run for real, on the sample collection, with an empty cache; paths of this machine are shortened.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "first_run.md"
PROGRAM = [sys.executable, "-m", "bachata_assets.cli"]
SAMPLE = "--video_dir data/sample/videos --annotations data/sample/annotations.json --data_dir data/sample_run"
READY = "Serving dagster-webserver on"
TEXT = """<!-- Written by `python -m scripts.make_transcripts`: change the source, not this page. -->

# The first commands, as they look

What the first commands print on a machine where no model was exported yet, in a pipe. On a terminal `generate` and
`verify` show below these lines what is being done, for how long, and how much time is left. Paths are shortened to `…`;
times are those of two cores that did nothing else. [Getting started](getting_started.md) explains them.

## generate

```text
$ bachata-assets generate {sample}
{generate}
```

## verify

```text
$ bachata-assets verify --data_dir data/sample_run
{verify}
```

## dagster dev

The command is the last line of `generate`.

```text
{dagster}
```
"""


def main() -> None:
    """Run the commands and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        (place / "data").mkdir()
        (place / "data" / "sample").symlink_to(PROJECT / "data" / "sample")
        environment = os.environ | {"XDG_CACHE_HOME": str(place / "cache"), "PYTHONPATH": str(PROJECT)}
        generated = said([*PROGRAM, "generate", *SAMPLE.split()], place, environment)
        verified = said([*PROGRAM, "verify", "--data_dir", "data/sample_run"], place, environment)
        line = generated.splitlines()[-1].removeprefix("In Dagster: ")
        served = until_ready(f"exec env {line} --port 3999", place, environment)
        shown = {"generate": generated, "verify": verified, "dagster": f"$ {line}\n{served}"}
        text = TEXT.format(sample=SAMPLE, **{name: shortened(one, place) for name, one in shown.items()})
    PAGE.write_text(text, encoding="utf-8")


def said(command: list[str], place: Path, environment: dict[str, str]) -> str:
    """Return what a command prints, in the order in which it does."""
    done = subprocess.run(
        command, cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    return done.stdout.rstrip()


def until_ready(command: str, place: Path, environment: dict[str, str]) -> str:
    """Return what `dagster dev` prints until it serves, and end it."""
    lines = []
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line.rstrip())
            if READY in line:
                break
        os.killpg(process.pid, signal.SIGINT)
    return "\n".join(lines).replace("3999", "3000")


def shortened(text: str, place: Path) -> str:
    """Return a text without what is true of this machine alone, and without colours."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    for path in (place, PROJECT, Path(sys.executable).parents[2]):
        plain = plain.replace(str(path), "…")
    return plain


if __name__ == "__main__":
    main()
