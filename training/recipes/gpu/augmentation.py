"""Crops of dancers, augmented on the GPU; the counterpart of couples/pose_crops.py."""

import math
from dataclasses import dataclass

import torch
from couples.frames import OUTSIDE
from couples.pose_crops import LEAST_SEEN, PADDING
from torch.nn import functional

from bachata_assets.pose.skeleton import MIRRORED
from gpu.colours import degraded, recoloured, relit
from gpu.packed import HEIGHT, SOURCES, WIDTH, Frames
from gpu.rooms import painted

CROP_WIDTH, CROP_HEIGHT = 192, 256
SHARES = {"first": 0.55, "second": 0.35, "drawn": 0.1}
"""Share of each source in what is drawn."""
CLOSE_WEIGHT = 1.8
"""How much oftener a person that overlaps with another is drawn."""
NEW_ROOM, ALONE, TRUNCATED, COVERED = 0.45, 0.4, 0.15, 0.25


@dataclass
class Targets:
    """A batch of persons in their frames; every tensor has one row a person."""

    frame: torch.Tensor
    person: torch.Tensor
    boxes: torch.Tensor
    keypoints: torch.Tensor
    free: torch.Tensor


class Crops:
    """Draws batches of crops with their keypoints.

    Parameters
    ----------
    frames : Frames
        The labelled frames; they are kept on the device.
    device : torch.device
        Where the work is done.
    """

    def __init__(self, frames: Frames, device: torch.device) -> None:
        self.device = device
        self.pictures = torch.from_numpy(frames.pictures).to(device)
        self.labels = torch.from_numpy(frames.labels).to(device)
        self.columns = {
            name: torch.from_numpy(getattr(frames, name)).to(device)
            for name in ("frame", "person", "boxes", "keypoints", "free")
        }
        close = torch.from_numpy(frames.close)
        source = torch.from_numpy(frames.source)
        weights = torch.where(close, CLOSE_WEIGHT, 1.0).double()
        for index, name in enumerate(SOURCES):
            own = source == index
            weights[own] *= SHARES[name] / weights[own].sum().clamp(min=1e-9)
        self.chances = weights.cumsum(0).to(device)
        self.free_chances = (weights * torch.from_numpy(frames.free)).cumsum(0).to(device)

    def draw(self, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return crops, their keypoints, and the weight of each.

        Returns
        -------
        pictures : torch.Tensor
            float32 (count, 3, 256, 192), BGR, 0..255.
        keypoints : torch.Tensor
            float32 (count, 17, 2), px of the crop.
        weights : torch.Tensor
            float32 (count, 17), 1 where a keypoint is labelled and seen in the crop.
        """
        targets = self._targets(self.chances, count)
        boxes, low, high = self._truncated(targets.boxes)
        matrices = self._matrices(boxes)
        pictures, labels, cut = self._sampled(targets.frame, matrices, low, high)
        points, seen = _points_in_crop(targets.keypoints, matrices, low, high)
        mine = labels == targets.person[:, None, None] + 1
        pictures = self._recomposed(pictures, labels, mine, targets)
        pictures = torch.where(cut[:, None], 0.0, pictures)
        lit = torch.rand(count, 1, 1, 1, device=self.device) < 0.7
        pictures = degraded(torch.where(lit, relit(pictures), pictures))
        return self._covered(pictures), points, seen

    def _targets(self, chances: torch.Tensor, count: int) -> Targets:
        # torch.multinomial would wait for the device.
        lots = torch.rand(count, device=self.device, dtype=chances.dtype) * chances[-1]
        chosen = torch.searchsorted(chances, lots).clamp(max=len(chances) - 1)
        return Targets(**{name: column[chosen] for name, column in self.columns.items()})

    def _uniform(self, low: float, high: float, *shape: int) -> torch.Tensor:
        return low + (high - low) * torch.rand(*shape, device=self.device)

    def _truncated(self, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return boxes cut as by a picture's edge, and what of the frame is left: low and high corner (N, 2)."""
        count = len(boxes)
        share = self._uniform(0.45, 0.92, count, 1)
        low_cut = boxes[:, 2:] - share * (boxes[:, 2:] - boxes[:, :2])
        high_cut = boxes[:, :2] + share * (boxes[:, 2:] - boxes[:, :2])
        lots = torch.rand(count, device=self.device)
        side = torch.bucketize(lots, torch.tensor([0.15, 0.25, 0.4], device=self.device))
        side = torch.where(torch.rand(count, device=self.device) < TRUNCATED, side, 4)
        edge = functional.one_hot(side, 5)[:, :4].bool()  # left, top, right, bottom
        low = torch.where(edge[:, :2], low_cut, -math.inf)
        high = torch.where(edge[:, 2:], high_cut, math.inf)
        return torch.cat([torch.maximum(boxes[:, :2], low), torch.minimum(boxes[:, 2:], high)], dim=1), low, high

    def _matrices(self, boxes: torch.Tensor) -> torch.Tensor:
        """Return matrices (N, 2, 3) from crop to frame, around boxes moved, scaled, turned and mirrored at random."""
        count = len(boxes)
        size = torch.tensor([CROP_WIDTH, CROP_HEIGHT], device=self.device, dtype=torch.float32)
        low, high = boxes[:, :2], boxes[:, 2:]
        span = ((high - low) / size).amax(dim=1, keepdim=True) * PADDING
        shift = (0.05 * torch.randn(count, 2, device=self.device)).clamp(-0.12, 0.12)
        centre = (low + high) / 2 + shift * span * size
        scale = span * self._uniform(0.78, 1.3, count, 1)
        angle = (0.3 * torch.randn(count, device=self.device)).clamp(-0.7, 0.7)
        angle = angle * (torch.rand(count, device=self.device) < 0.5)
        turn = torch.stack([angle.cos(), angle.sin(), -angle.sin(), angle.cos()], dim=1).view(count, 2, 2)
        turn = turn * scale[:, :, None]
        mirrored = torch.where(torch.rand(count, device=self.device) < 0.5, -1.0, 1.0)
        turn = torch.stack([turn[:, :, 0] * mirrored[:, None], turn[:, :, 1]], dim=2)
        middle = (size - 1) / 2
        return torch.cat([turn, (centre - (turn @ middle))[:, :, None]], dim=2)

    def _sampled(
        self, frame: torch.Tensor, matrices: torch.Tensor, low: torch.Tensor, high: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return crops float32, label crops uint8, and bool of what is cut off; each row by its matrix."""
        at = _frame_positions(matrices)
        pictures = sample(self.pictures[frame].float(), at, "bilinear")
        labels = sample((self.labels[frame] + 1)[:, None].float(), at, "nearest")[:, 0].to(torch.uint8) - 1
        # Beyond the frame the sampler gives 0, which wraps to 255: OUTSIDE.
        cut = ((at < low[:, None, None]) | (at > high[:, None, None])).any(dim=-1)
        return pictures, torch.where(cut, OUTSIDE, labels), cut

    def _recomposed(
        self, pictures: torch.Tensor, labels: torch.Tensor, mine: torch.Tensor, targets: Targets
    ) -> torch.Tensor:
        """Return the crops with a new room, new clothes, another partner, as the lots fall."""
        chosen = torch.randperm(len(pictures), device=self.device)[: round(NEW_ROOM * len(pictures))]
        if not len(chosen):
            return pictures
        own, near, target = pictures[chosen], labels[chosen], mine[chosen]
        count = len(chosen)
        alone = targets.free[chosen] & (torch.rand(count, device=self.device) < ALONE)
        people = (near > 0) & (near != OUTSIDE)
        others = people & ~target
        own = torch.where(target[:, None], recoloured(own), torch.where(others[:, None], recoloured(own), own))
        kept = torch.where(alone[:, None, None], target, people)
        room = painted(self.pictures[torch.randint(len(self.pictures), (count,), device=self.device)], *own.shape[2:])
        another = torch.rand(count, device=self.device) < torch.where(alone, 0.85, 0.15)
        in_front = alone & another & (torch.rand(count, device=self.device) < 0.5)
        dancer, alpha = self._partner(target, near_by=alone)
        behind = alpha * (another & ~in_front)[:, None, None, None]
        room = dancer * behind + room * (1 - behind)
        edge = soft(kept)
        out = own * edge + room * (1 - edge)
        size = target.flatten(1).sum(dim=1)
        hidden = ((alpha[:, 0] > 0.5) & target).flatten(1).sum(dim=1) / size.clamp(min=1)
        front = alpha * (in_front & (hidden < 1 - LEAST_SEEN))[:, None, None, None]
        out = dancer * front + out * (1 - front)
        black = (near == OUTSIDE) & (torch.rand(count, 1, 1, device=self.device) < 0.5)
        out = torch.where(black[:, None], 0.0, out)
        pictures[chosen] = torch.where((size > 0)[:, None, None, None], out, pictures[chosen])
        return pictures

    def _partner(self, target: torch.Tensor, near_by: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return free-standing dancers beside the targets (embracing them, where `near_by`), and their alpha."""
        count = len(target)
        rows, columns = target.any(dim=2), target.any(dim=1)
        top, left = rows.float().argmax(dim=1), columns.float().argmax(dim=1)
        bottom = CROP_HEIGHT - 1 - rows.flip(1).float().argmax(dim=1)
        right = CROP_WIDTH - 1 - columns.flip(1).float().argmax(dim=1)
        height, width = (bottom - top + 1).float(), (right - left + 1).float()
        aside = torch.where(near_by, self._uniform(0.05, 0.8, count), self._uniform(0.5, 1.6, count)) * width
        aside = aside * torch.where(torch.rand(count, device=self.device) < 0.5, -1.0, 1.0)
        foot = torch.stack([(left + right) / 2 + aside, bottom + self._uniform(-0.08, 0.08, count) * height], dim=1)
        size = height * torch.where(near_by, self._uniform(0.82, 1.18, count), self._uniform(0.5, 1.3, count))
        dancers = self._targets(self.free_chances, count)
        scale = (dancers.boxes[:, 3] - dancers.boxes[:, 1]) / size.clamp(min=8)
        mirrored = torch.where(torch.rand(count, device=self.device) < 0.5, -1.0, 1.0)
        zero = torch.zeros_like(scale)
        turn = torch.stack([scale * mirrored, zero, zero, scale], dim=1).view(count, 2, 2)
        ground = torch.stack([(dancers.boxes[:, 0] + dancers.boxes[:, 2]) / 2, dancers.boxes[:, 3]], dim=1)
        matrices = torch.cat([turn, (ground - (turn @ foot[:, :, None])[:, :, 0])[:, :, None]], dim=2)
        at = _frame_positions(matrices)
        pictures = sample(self.pictures[dancers.frame].float(), at, "bilinear")
        masks = (self.labels[dancers.frame] == dancers.person[:, None, None] + 1)[:, None].float()
        return recoloured(pictures), sample(masks, at, "bilinear")

    def _covered(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the crops, plain rectangles over a part of some."""
        count = len(pictures)
        size = torch.tensor([CROP_WIDTH, CROP_HEIGHT], device=self.device)
        extent = self._uniform(0.1, 0.35, count, 2) * size
        low = torch.rand(count, 2, device=self.device) * (size - extent)
        at = _crop_positions(self.device)
        inside = ((at > low[:, None, None]) & (at < (low + extent)[:, None, None])).all(dim=-1)
        inside &= torch.rand(count, 1, 1, device=self.device) < COVERED
        return torch.where(inside[:, None], self._uniform(0, 255, count, 3, 1, 1), pictures)


def _crop_positions(device: torch.device) -> torch.Tensor:
    """Return x y of every pixel of a crop, float32 (256, 192, 2)."""
    y, x = torch.meshgrid(
        torch.arange(CROP_HEIGHT, device=device, dtype=torch.float32),
        torch.arange(CROP_WIDTH, device=device, dtype=torch.float32),
        indexing="ij",
    )
    return torch.stack([x, y], dim=-1)


def _frame_positions(matrices: torch.Tensor) -> torch.Tensor:
    """Return where each pixel of a crop lies in its frame, px, float32 (N, 256, 192, 2)."""
    at = _crop_positions(matrices.device)
    return torch.einsum("nij,hwj->nhwi", matrices[:, :, :2], at) + matrices[:, None, None, :, 2]


def sample(pictures: torch.Tensor, at: torch.Tensor, mode: str) -> torch.Tensor:
    """Return the pictures (N, C, H, W) at positions (N, h, w, 2), px; 0 beyond their edge."""
    size = torch.tensor([WIDTH, HEIGHT], device=at.device)
    return functional.grid_sample(pictures, (2 * at + 1) / size - 1, mode=mode, align_corners=False)


def soft(masks: torch.Tensor) -> torch.Tensor:
    """Return masks bool (N, H, W) as alpha float32 (N, 1, H, W), half of them a little wider than the person."""
    alpha = masks[:, None].float()
    wider = functional.max_pool2d(alpha, 3, 1, 1)
    alpha = torch.where(torch.rand(len(alpha), 1, 1, 1, device=alpha.device) < 0.5, wider, alpha)
    return functional.avg_pool2d(functional.avg_pool2d(alpha, 3, 1, 1), 3, 1, 1)


def _points_in_crop(
    keypoints: torch.Tensor, matrices: torch.Tensor, low: torch.Tensor, high: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return keypoints in px of the crop, the sides exchanged where it is mirrored, and their weights."""
    xy = keypoints[..., :2]
    seen = (keypoints[..., 2] > 0) & ((xy >= low[:, None]) & (xy <= high[:, None])).all(dim=-1)
    inverse = torch.linalg.inv(matrices[:, :, :2])
    points = torch.einsum("nij,nkj->nki", inverse, xy - matrices[:, None, :, 2])
    mirrored = torch.linalg.det(matrices[:, :, :2]) < 0
    order = torch.as_tensor(MIRRORED, device=keypoints.device)
    points = torch.where(mirrored[:, None, None], points[:, order], points)
    seen = torch.where(mirrored[:, None], seen[:, order], seen)
    size = torch.tensor([CROP_WIDTH, CROP_HEIGHT], device=keypoints.device)
    inside = ((points >= 0) & (points < size)).all(dim=-1)
    return points, (seen & inside).float()
