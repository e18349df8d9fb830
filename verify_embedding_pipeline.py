"""The earlier pipeline's command line of `bachata-assets verify`."""

import sys

from bachata_assets.cli.__main__ import main

if __name__ == "__main__":
    main(["verify", *sys.argv[1:]])
