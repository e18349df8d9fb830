"""A small self-supervised encoder of the product's signals, for comparison (SimCLR, Chen et al., ICML 2020).

Two views of a clip (cut, warped in time, seen from elsewhere, noisy, with signals missing) must be nearer to each
other than to any other clip. Trained without labels on all clips, which favours it: the product's constants never
saw the clips they are judged on. Drawn couples may be trained on too (`rendered_motion.py`).
"""

import numpy as np
import torch
from torch import nn

WIDTH, STEPS, LENGTH = 96, 400, 96
"""Channels; training steps; samples of a view (16 beats)."""


class Encoder(nn.Module):
    """Dilated convolutions over signals and their masks, pooled over the seen time to mean and deviation."""

    def __init__(self, signals: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, dilation in enumerate((1, 2, 4, 8)):
            inputs = 2 * signals if i == 0 else WIDTH
            layers += [nn.Conv1d(inputs, WIDTH, 5, padding=2 * dilation, dilation=dilation), nn.GELU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 64))

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Return features (B, 192) of signals (B, S, N)."""
        seen = torch.isfinite(signals)
        hidden = self.body(torch.cat([torch.nan_to_num(signals), seen.float()], dim=1))
        some = seen.any(dim=1, keepdim=True).float()
        count = some.sum(dim=2).clamp(min=1)
        mean = (hidden * some).sum(dim=2) / count
        spread = (((hidden - mean[..., None]) ** 2 * some).sum(dim=2) / count + 1e-6).sqrt()
        return torch.cat([mean, spread], dim=1)


def contrastive_features(groups: list[list[np.ndarray]], rendered: list[np.ndarray]) -> list[np.ndarray]:
    """Return features (clips, 192) of each group of clips, given as signals (S, N) with NaN in gaps.

    Parameters
    ----------
    rendered : signals that are trained on and not asked for
    """
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    clips = [clip for group in groups for clip in group]
    everything = np.concatenate(clips, axis=1)
    centre, spread = np.nanmean(everything, axis=1)[:, None], np.nanstd(everything, axis=1)[:, None]
    clips, rendered = ([((c - centre) / spread).astype(np.float32) for c in some] for some in (clips, rendered))
    seen = clips + rendered
    encoder = Encoder(len(centre))
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-3, weight_decay=1e-2)
    for _ in range(STEPS):
        chosen = random.choice(len(seen), min(64, len(seen)), replace=False)
        views = torch.from_numpy(np.stack([_view(seen[i], random) for _ in range(2) for i in chosen]))
        codes = nn.functional.normalize(encoder.head(encoder(views)), dim=1)
        similar = (codes @ codes.T / 0.1).fill_diagonal_(-1e9)
        partner = torch.arange(len(codes)).roll(len(chosen))
        loss = nn.functional.cross_entropy(similar, partner)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
    encoder.eval()
    with torch.no_grad():
        features = np.concatenate([encoder(torch.from_numpy(clip)[None]).numpy() for clip in clips])
    return np.split(features, np.cumsum([len(group) for group in groups])[:-1])


def _view(clip: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a random view (S, LENGTH) of a clip."""
    count = clip.shape[1]
    span = min(count - 1, LENGTH * random.uniform(0.8, 1.25))
    start = random.uniform(0, count - 1 - span)
    view = clip[:, np.round(np.linspace(start, start + span, LENGTH)).astype(int)]
    view = view * random.uniform(0.75, 1.3, (len(clip), 1)) + random.normal(0, 0.15, view.shape)
    view[random.random(len(clip)) < 0.15] = np.nan
    gap = random.integers(0, LENGTH - 12)
    view[:, gap : gap + random.integers(0, 24)] = np.nan
    return view.astype(np.float32)
