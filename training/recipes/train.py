"""Train a model by one of the configs beside this file, on the CPU; goes on where an earlier run stopped.

python training/recipes/train.py training/recipes/rtmpose-t_couples.py work/pose [--options key=value …]
"""

import argparse
import os
from pathlib import Path

import torch

from bachata_assets.pose.models import openmmlab_compat  # noqa: F401  (before mmdet and mmpose)

# isort: split
import mmdet.utils
import mmpose.utils
from mmengine.config import Config, DictAction
from mmengine.runner import Runner


def main() -> None:
    """Run the training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("work_dir", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--options", nargs="*", action=DictAction, default={})
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    mmdet.utils.register_all_modules(init_default_scope=False)
    mmpose.utils.register_all_modules(init_default_scope=False)
    config = Config.fromfile(arguments.config)
    config.merge_from_dict(arguments.options)
    config.work_dir = str(arguments.work_dir)
    config.resume = (arguments.work_dir / "last_checkpoint").exists()
    if config.resume:
        # Told both, MMEngine would resume the weights that the first run began with.
        config.load_from = None
        # MMEngine loads its own checkpoints, which hold more than tensors, by torch.load's default.
        os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
    Runner.from_cfg(config).train()


if __name__ == "__main__":
    main()
