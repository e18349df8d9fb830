"""The earlier pipeline's command line of `bachata-assets generate`."""

import sys

from bachata_assets.cli.__main__ import main

if __name__ == "__main__":
    main(["generate", *sys.argv[1:]])
