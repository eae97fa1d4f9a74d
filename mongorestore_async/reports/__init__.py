"""Reports of drills and fleets: one HTML file that needs nothing else, with CSV and JSON beside it.

Reports come in, files go out. Nothing here asks a server: ``FleetReport.of`` reads a stream that is given to it.

- ``writing``: what users call; puts ``report.html``, ``report.json`` and ``report.csv`` into a folder.
- ``fleet_report``, ``cluster_history``: what is kept of the jobs of a fleet, and what they say of a cluster.
- ``fleet_page``, ``drill_page``: the sections of the pages, one function each.
- ``charts``: numbers to SVG. The board draws with it too; its colours are classes of ``style``.
- ``page_frame``, ``style``: the frame with its content security policy, and the style sheets of screen, dark and paper.
- ``html``: elements. All text is escaped where an element is made, so a page cannot forget it.
- ``sheets``: rows of CSV that a spreadsheet takes for text, never for formulas. ``formats``: times and sizes.

There is no template language: pages are functions that type checkers read, and writing one needs no extra. A new
section is a function in a page, and a line in its list of sections. The file stays below 1 MB for 2,000 clusters
because names are shortened, lists are cut and say so; ``report.json`` has what was cut.
"""

from __future__ import annotations

from mongorestore_async.reports.cluster_history import ClusterHistory, LastOutcome, Restore
from mongorestore_async.reports.fleet_report import FleetReport, UnreadPlace
from mongorestore_async.reports.writing import ReportFiles, write_drill_report, write_fleet_report

__all__ = [
    "ClusterHistory",
    "FleetReport",
    "LastOutcome",
    "ReportFiles",
    "Restore",
    "UnreadPlace",
    "write_drill_report",
    "write_fleet_report",
]
