"""The APIs: one file each, with its routes, bodies of creates, rules and documents.

``atlas/`` has the families of Atlas, ``manager/`` Ops Manager and Cloud Manager; ``project_endpoints`` and
``organizations`` are what both sides have. What APIs share is said once: ``request_info`` (what a request asks for),
``lookups`` (what its path names), ``create_bodies`` (fields and rules of creates), ``answers`` (documents, lists,
headers), ``job_answers`` (restore jobs).
"""

from __future__ import annotations

__all__: list[str] = []
