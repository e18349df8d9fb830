"""`python -m bachata_assets.cli`."""

from bachata_assets.cli import app

app()
