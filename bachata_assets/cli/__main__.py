"""`python -m bachata_assets.cli`."""

from bachata_assets.cli.ending import main

main()
