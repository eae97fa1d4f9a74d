"""The APIs of Atlas, v1.0 and v2 together: one file each, with its routes, bodies of creates, rules and documents.

``atlas_tenant`` and ``atlas_cloud_backup`` also have what flex clusters and serverless instances share with them.
"""

from __future__ import annotations

__all__: list[str] = []
