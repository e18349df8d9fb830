"""That the state cannot be used: an error that every command tells as it tells of a wrong setting."""

from bachata_assets.settings import SettingsError


class StateError(SettingsError):
    """Dagster's state in PostgreSQL cannot be used; the message names the setting and the remedy."""
