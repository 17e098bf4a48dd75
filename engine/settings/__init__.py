"""Settings from the environment (`TOUCHSTONE_…`) and `.env`; read by operations and the command line."""

from engine.settings.settings import AuthMode, LogLevel, Settings, load_settings

__all__ = ["AuthMode", "LogLevel", "Settings", "load_settings"]
