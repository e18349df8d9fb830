"""Damage to files, as disks, power cuts and people do it."""

from pathlib import Path


def cut(path: Path) -> None:
    """Leave the first half of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def cut_all(folder: Path) -> None:
    """Leave the first half of every file of a folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            cut(path)


def turn_a_bit_of(path: Path) -> None:
    """Turn a bit in the data of a table, which keeps its size and its footer."""
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
