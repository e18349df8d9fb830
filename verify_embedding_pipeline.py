"""The earlier pipeline's command line of `bachata-assets verify`."""

import sys

from bachata_assets.cli import app

if __name__ == "__main__":
    app(["verify", *sys.argv[1:]], prog_name="bachata-assets")
