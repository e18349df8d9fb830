"""Changes of colour and of picture quality for a batch; the counterpart of couples/colours.py."""

import math
from collections.abc import Callable

import torch
from torch.nn import functional


def some(pictures: torch.Tensor, share: float, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Change a random share of the pictures in place."""
    chosen = torch.randperm(len(pictures), device=pictures.device)[: round(share * len(pictures))]
    if len(chosen):
        pictures[chosen] = change(pictures[chosen])


def recoloured(pictures: torch.Tensor) -> torch.Tensor:
    """Return other clothes and another skin: hue, saturation and brightness of float32 (N, 3, H, W) changed."""
    count, device = len(pictures), pictures.device
    wide = torch.rand(count, device=device) < 0.3
    angle = (torch.rand(count, device=device) * 2 - 1) * torch.where(wide, math.pi, 0.35)
    saturation = 0.3 + 1.3 * torch.rand(count, device=device)
    # Hue and saturation as a turn and a scale about the grey axis.
    a, b = saturation * angle.cos(), saturation * angle.sin() / math.sqrt(3)
    grey, eye = torch.full((3, 3), 1 / 3, device=device), torch.eye(3, device=device)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], device=device)
    matrix = grey + a[:, None, None] * (eye - grey) + b[:, None, None] * cross
    swapped = torch.rand(count, device=device) < 0.12
    matrix = torch.where(swapped[:, None, None], matrix[:, torch.randperm(3, device=device)], matrix)
    turned = torch.einsum("nij,njhw->nihw", matrix, pictures).clamp(0, 255)
    gamma = 0.6 + 1.1 * torch.rand(count, 1, 1, 1, device=device)
    return 255 * (turned / 255) ** gamma


def relit(pictures: torch.Tensor) -> torch.Tensor:
    """Return the pictures under another light: gain, offset and gamma of each channel."""
    shape, device = (len(pictures), 3, 1, 1), pictures.device
    gain = (0.6 + 0.8 * torch.rand(len(pictures), 1, 1, 1, device=device)) * (
        0.88 + 0.24 * torch.rand(shape, device=device)
    )
    gamma = 0.7 + 0.7 * torch.rand(shape, device=device)
    offset = 0.24 * torch.rand(shape, device=device) - 0.12
    return (255 * (gain * (pictures / 255) ** gamma + offset)).clamp(0, 255)


def degraded(pictures: torch.Tensor) -> torch.Tensor:
    """Return the pictures as a worse camera or a stronger compression would show them."""
    for share, change in ((0.25, _shrunk), (0.15, _blurred), (0.12, _moved), (0.2, _noisy), (0.05, _grey)):
        some(pictures, share, change)
    some(pictures, 0.15, _compressed)
    return pictures.clamp(0, 255)


def _shrunk(pictures: torch.Tensor) -> torch.Tensor:
    size = pictures.shape[2:]
    factor = 0.3 + 0.5 * float(torch.rand(()))
    small = functional.interpolate(pictures, scale_factor=factor, mode="bilinear", antialias=True)
    return functional.interpolate(small, size, mode="bilinear")


def _blurred(pictures: torch.Tensor) -> torch.Tensor:
    sigma = 0.4 + 1.2 * float(torch.rand(()))
    taps = torch.arange(-4, 5, device=pictures.device) / sigma
    kernel = torch.exp(-taps * taps / 2)
    return filtered(pictures, torch.outer(kernel, kernel) / kernel.sum() ** 2)


def _moved(pictures: torch.Tensor) -> torch.Tensor:
    """Return the pictures blurred along a line, as by a moving dancer."""
    angle, length = math.pi * float(torch.rand(())), 1.0 + 3.5 * float(torch.rand(()))
    y, x = torch.meshgrid(*[torch.arange(-4, 5, device=pictures.device)] * 2, indexing="ij")
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    kernel = (1 - across.abs()).clamp(0) * (length + 0.5 - along.abs()).clamp(0, 1)
    return filtered(pictures, kernel / kernel.sum())


def filtered(pictures: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Return the pictures filtered by a 9 x 9 kernel, edges mirrored."""
    padded = functional.pad(pictures, (4, 4, 4, 4), mode="reflect")
    return functional.conv2d(padded, kernel.expand(3, 1, -1, -1).contiguous(), groups=3)


def _noisy(pictures: torch.Tensor) -> torch.Tensor:
    strength = 2 + 12 * torch.rand(len(pictures), 1, 1, 1, device=pictures.device)
    return pictures + strength * torch.randn_like(pictures)


def _grey(pictures: torch.Tensor) -> torch.Tensor:
    return pictures.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)


def _compressed(pictures: torch.Tensor) -> torch.Tensor:
    """Return the pictures with the blocks and rings of a strong JPEG: DCT coefficients rounded coarsely."""
    device = pictures.device
    k = torch.arange(8, device=device, dtype=torch.float32)
    basis = torch.cos(math.pi / 8 * (k[None] + 0.5) * k[:, None]) * math.sqrt(2 / 8)
    basis[0] /= math.sqrt(2)
    step = (2 + 3 * (k[:, None] + k[None])) * (1 + 4 * torch.rand(len(pictures), 1, 1, 1, 1, 1, device=device))
    count, _, height, width = pictures.shape
    blocks = pictures.view(count, 3, height // 8, 8, width // 8, 8).transpose(3, 4)
    coefficients = basis @ (blocks - 128) @ basis.T
    coefficients = (coefficients / step).round() * step
    blocks = basis.T @ coefficients @ basis + 128
    return blocks.transpose(3, 4).reshape(count, 3, height, width)
