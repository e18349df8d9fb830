"""`Example`: the vectors of something outside the collection, for a search."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False, repr=False)
class Example(Mapping[str, np.ndarray]):
    """The vectors of a song, a video or a sentence, for `find_similar(vectors=…)`.

    Attributes
    ----------
    vectors : family -> float32 (D,)
    tempo : heard and trusted tempo, beats per minute; None without one
    absent : family -> why it has no vector
    words : words of a sentence to look for
    is_song : sound alone; clips must fit its tempo, unless the question sets another
    """

    vectors: Mapping[str, np.ndarray]
    tempo: float | None = None
    absent: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    is_song: bool = False

    def __getitem__(self, family: str) -> np.ndarray:
        return self.vectors[family]

    def __iter__(self) -> Iterator[str]:
        return iter(self.vectors)

    def __len__(self) -> int:
        return len(self.vectors)

    def __repr__(self) -> str:
        tempo = f", {self.tempo:.1f} beats per minute" if self.tempo else ""
        return f"Example({', '.join(self.vectors) or 'no vector'}{tempo})"
