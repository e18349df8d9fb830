"""The earlier pipeline's command line of `bachata-assets download-models`: without a name, of the set in use."""

import sys

from bachata_assets.cli.__main__ import main
from bachata_assets.settings import load_settings

if __name__ == "__main__":
    main(["download-models", *(sys.argv[1:] or [load_settings().model_set])])
