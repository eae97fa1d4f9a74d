"""Restore jobs as flat rows: one set of names and types for the jobs of all families.

``job_row`` has the names; the models fill them in, each the ones its API tells (:meth:`JobDocument.to_row`), text by
``text_cells``. Data frames, Arrow, CSV and tables take them from there. ``notebook_table`` is what notebooks show of
jobs, pages and fleets.
"""

from mongorestore_async.models.rows.job_row import JobRow
from mongorestore_async.models.rows.notebook_table import job_table, pairs_table, text_list
from mongorestore_async.models.rows.text_cells import text_cell

__all__ = ["JobRow", "job_table", "pairs_table", "text_cell", "text_list"]
