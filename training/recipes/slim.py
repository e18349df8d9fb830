"""Write the averaged weights of a training as a plain `{'state_dict': ...}`, as `models.toml` names them.

python training/recipes/slim.py work/pose checkpoints/bundled/rtmpose-t_256x192.pth [--half] [--mix other.pth]
"""

import argparse
from pathlib import Path

import torch


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work_dir", type=Path, help="of train.py; its last checkpoint is taken")
    parser.add_argument("file", type=Path)
    parser.add_argument("--half", action="store_true", help="fp16")
    parser.add_argument("--mix", type=Path, help="the mean with these weights, written by this script earlier")
    arguments = parser.parse_args()
    last = Path((arguments.work_dir / "last_checkpoint").read_text(encoding="utf-8"))
    # A file that the training itself wrote a moment ago; its EMAHook puts the averaged weights into `state_dict`.
    state = torch.load(last, map_location="cpu", weights_only=False)["state_dict"]
    if arguments.mix:
        other = torch.load(arguments.mix, map_location="cpu", weights_only=True)["state_dict"]
        state = {key: (value + other.get(key, value)) / 2 for key, value in state.items()}
    kept = {
        key: value.half() if arguments.half and value.is_floating_point() else value
        for key, value in state.items()
        if not key.startswith("data_preprocessor.") and not key.endswith("num_batches_tracked")
    }
    torch.save({"state_dict": kept}, arguments.file)


if __name__ == "__main__":
    main()
