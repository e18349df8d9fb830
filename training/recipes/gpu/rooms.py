"""Painted rooms for a batch of pictures; the counterpart of couples/backgrounds.py."""

import math

import torch
from torch.nn import functional

MOST_SHAPES = 14


def painted(scenes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return a background for each scene, float32 (N, 3, height, width), 0..255.

    Parameters
    ----------
    scenes : torch.Tensor
        uint8 (N, 3, H, W), frames of the data; shown only so blurred that nobody in them can be recognised.
    """
    count, device = len(scenes), scenes.device
    kinds = (_plain, _graded, _clouds, _texture, _scene, _plain)
    rooms = torch.empty(count, 3, height, width, device=device)
    parts = torch.randperm(count, device=device).chunk(len(kinds))
    for kind, part in zip(kinds, parts, strict=False):
        rooms[part] = kind(scenes[part], height, width)
    rooms = _with_floor(rooms)
    most = torch.full((count,), 3.0, device=device)
    most[parts[-1]] = MOST_SHAPES
    return with_shapes(rooms, most)


def _uniform(low: float, high: float, *shape: int, device: torch.device) -> torch.Tensor:
    return low + (high - low) * torch.rand(*shape, device=device)


def _plain(scenes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    return _uniform(0, 255, len(scenes), 3, 1, 1, device=scenes.device).expand(-1, -1, height, width)


def _graded(scenes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    corners = _uniform(0, 255, len(scenes), 3, 2, 2, device=scenes.device)
    corners[::2, :, :, 1] = corners[::2, :, :, 0]
    return functional.interpolate(corners, (height, width), mode="bilinear", align_corners=True)


def _clouds(scenes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return coloured noise whose power falls with the frequency."""
    count, device = len(scenes), scenes.device
    fall = _uniform(0.4, 0.95, count, 1, 1, 1, device=device)
    total = torch.zeros(count, 3, height, width, device=device)
    for octave in range(1, 7):
        noise = torch.randn(count, 3, 2**octave, 2**octave, device=device)
        noise[::2] = noise[::2, :1]
        total += fall**octave * functional.interpolate(noise, (height, width), mode="bilinear")
    total /= total.std(dim=(1, 2, 3), keepdim=True) + 1e-6
    middle = _uniform(60, 200, count, 3, 1, 1, device=device)
    return (middle + total * _uniform(15, 70, count, 1, 1, 1, device=device)).clamp(0, 255)


def _texture(scenes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return a tiled pattern: boards, bricks, curtains, wallpaper."""
    count, device = len(scenes), scenes.device
    middle = _uniform(40, 215, count, 3, 1, device=device)
    strength = _uniform(10, 100, count, 1, 1, device=device)
    cells = (middle + strength * _uniform(-1, 1, count, 3, 64, device=device)).clamp(0, 255)
    row, column = (
        (torch.arange(size, device=device)[None] / _uniform(3, 40, count, 1, device=device)).long()
        % torch.randint(1, 9, (count, 1), device=device)
        for size in (height, width)
    )
    index = (row[:, :, None] * 8 + column[:, None]).view(count, 1, -1).expand(-1, 3, -1)
    return cells.gather(2, index).view(count, 3, height, width)


def _scene(scenes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    small = functional.adaptive_avg_pool2d(scenes.float(), (8, 16))
    room = functional.interpolate(small, (height, width), mode="bicubic").clamp(0, 255)
    room[::2] = room[::2, torch.randperm(3, device=scenes.device)]
    return room


def _with_floor(rooms: torch.Tensor) -> torch.Tensor:
    count, _, height, _ = rooms.shape
    device = rooms.device
    edge = _uniform(0.5, 1.6, count, 1, 1, 1, device=device) * height
    below = torch.arange(height, device=device)[None, None, :, None] > edge
    gain = _uniform(0.2, 1.3, count, 3, 1, 1, device=device)
    floor = (rooms * gain + _uniform(-50, 80, count, 3, 1, 1, device=device)).clamp(0, 255)
    return torch.where(below, floor, rooms)


def with_shapes(rooms: torch.Tensor, most: torch.Tensor) -> torch.Tensor:
    """Return the rooms with up to `most` (N,) boxes, lamps and lines each: whatever is not a person."""
    count, _, height, width = rooms.shape
    device = rooms.device
    y, x = torch.meshgrid(
        torch.arange(height, device=device, dtype=torch.float32),
        torch.arange(width, device=device, dtype=torch.float32),
        indexing="ij",
    )
    shapes = _uniform(0, 1, count, device=device) * most
    for number in range(MOST_SHAPES):
        angle = _uniform(0, math.pi, count, 1, 1, device=device) * (torch.rand(count, 1, 1, device=device) < 0.5)
        dx = x - _uniform(0, width, count, 1, 1, device=device)
        dy = y - _uniform(0, height, count, 1, 1, device=device)
        u, v = angle.cos() * dx + angle.sin() * dy, angle.cos() * dy - angle.sin() * dx
        half = _uniform(1, height / 6, count, 2, 1, 1, device=device)
        half[: count // 3, 0] = _uniform(0.5, 3, count // 3, 1, 1, device=device)
        u, v = u.abs() / half[:, 0], v.abs() / half[:, 1]
        round_ = torch.rand(count, 1, 1, device=device) < 0.3
        inside = torch.where(round_, u * u + v * v < 1, torch.maximum(u, v) < 1) & (number < shapes)[:, None, None]
        colour = _uniform(0, 255, count, 3, 1, 1, device=device)
        rooms = torch.where(inside[:, None], colour, rooms)
    return rooms
