"""The earlier pipeline's command line of `bachata-assets generate`."""

import sys

from bachata_assets.cli import app

if __name__ == "__main__":
    app(["generate", *sys.argv[1:]], prog_name="bachata-assets")
