"""The async Python SDK for MongoDB restore jobs on Ops Manager, Cloud Manager and Atlas.

Names are loaded when they are first used (PEP 562), so that the version and the models cost no HTTP library. They are
listed once, in ``__init__.pyi``.
"""

import lazy_loader  # pyright: ignore[reportMissingTypeStubs]

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(  # pyright: ignore[reportUnknownVariableType]
    __name__, __file__
)
