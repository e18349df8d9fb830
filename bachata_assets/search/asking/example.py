"""`Example`: the vectors of something that is not in the collection, to ask with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False, repr=False)
class Example(Mapping[str, np.ndarray]):
    """What `find_similar(vectors=…)` takes: the vectors of a song, a video or a sentence, by family.

    Attributes
    ----------
    vectors : family -> float32 (D,)
    tempo : that is heard in it and trusted, beats per minute; None where there is none
    absent : family -> why it has no vector
    words : of a sentence, that are looked for
    is_song : sound alone; clips must fit its tempo, unless the question says otherwise
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
