"""The APIs of Ops Manager and Cloud Manager, v1.0: clusters and hosts, backups, restore jobs, snapshots.

Atlas legacy has the same jobs and snapshots and takes their documents from here.
"""

from __future__ import annotations

__all__: list[str] = []
