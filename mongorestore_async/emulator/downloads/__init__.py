"""What downloads are made of: the archives, whose bytes are computed, and the settings of how they are handed out.

``generated_archive`` and ``download_play``; the requests are answered by ``download_server``.
"""

from __future__ import annotations

__all__: list[str] = []
