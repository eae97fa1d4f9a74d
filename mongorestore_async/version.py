"""The version, in one place: read by the build back end, the User-Agent and ``--version``."""

__all__ = ["__version__"]

__version__ = "0.1.0"
