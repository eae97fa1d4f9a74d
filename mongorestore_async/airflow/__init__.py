"""Airflow 3.3 and newer: a connection, a hook, operators, and a trigger that waits without a worker slot.

What comes in are the connection's fields, and orders and job references as text; what goes out to XCom is text, or JSON
of it. Airflow's database holds no key but those of its connections, and no object of ours.

=========================  ===========================================================================================
to change                  open
=========================  ===========================================================================================
a field of the connection  ``provider`` (the form) and ``connection_settings`` (what it means)
what a restore is          ``restore_orders``
that one is never doubled  ``noted_creates``: what a task writes down before it sends a create, and how it looks for it
what a trigger holds       ``trigger_texts``: nothing but text goes in, and text comes out
what fails for good        ``operator_base``, with the link to the job
=========================  ===========================================================================================

Theory of operation. An operator runs one event loop with one session for its work. A wait is a trigger: the operator
defers with the references, the triggerer polls with ``RestoreBatch.wait`` and sends one event of text. A triggerer
that dies takes nothing along, for the next one makes the trigger anew from its arguments. Nothing here ever cancels a
restore. Airflow itself is imported by the modules that subclass its classes, and those are loaded when first used.
"""

from typing import TYPE_CHECKING

import lazy_loader  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]

if TYPE_CHECKING:
    from mongorestore_async.airflow.create_operator import CreateRestoreOperator
    from mongorestore_async.airflow.download_operator import DownloadArchiveOperator
    from mongorestore_async.airflow.fleet_report_operator import FleetReportOperator
    from mongorestore_async.airflow.list_operator import ListRestoreJobsOperator
    from mongorestore_async.airflow.operator_base import RestoreJobLink
    from mongorestore_async.airflow.restore_hook import RestoreHook
    from mongorestore_async.airflow.restore_trigger import RestoreTrigger
    from mongorestore_async.airflow.wait_operator import WaitForRestoreOperator

__all__ = [
    "CreateRestoreOperator",
    "DownloadArchiveOperator",
    "FleetReportOperator",
    "ListRestoreJobsOperator",
    "RestoreHook",
    "RestoreJobLink",
    "RestoreTrigger",
    "WaitForRestoreOperator",
]

__getattr__, __dir__, _ = lazy_loader.attach(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    __name__,
    submod_attrs={
        "create_operator": ["CreateRestoreOperator"],
        "download_operator": ["DownloadArchiveOperator"],
        "fleet_report_operator": ["FleetReportOperator"],
        "list_operator": ["ListRestoreJobsOperator"],
        "operator_base": ["RestoreJobLink"],
        "restore_hook": ["RestoreHook"],
        "restore_trigger": ["RestoreTrigger"],
        "wait_operator": ["WaitForRestoreOperator"],
    },
)
