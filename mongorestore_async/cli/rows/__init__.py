"""Rows of tables and of CSV files, a file for each kind, so that a command loads only what it writes.

In come models, out go rows of text, and the layouts that :mod:`~mongorestore_async.cli.columns` writes them by.
``job_rows`` has the jobs of a cluster, ``found_rows`` those of a fleet, ``collection_rows`` what became of collections,
``inventory_rows`` the organizations, projects and clusters that a key sees, ``failure_rows`` what could not be read.
"""

__all__: list[str] = []
