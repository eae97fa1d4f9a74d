"""Waiting for restore jobs until they are over. Nothing here changes a restore.

Jobs and the places they belong to (:class:`JobSource`) come in; jobs as read last, changes, and the errors a wait ends
with go out.

- ``waiter`` sleeps and polls the places that are due; ``job_poller`` reads one place with as few calls as it takes.
  ``job_watch`` gives the changes as an iterator whose ``anext`` can be cancelled.
- ``tracker`` keeps what is known of the jobs of a place; ``end_rules`` interprets the states of a job. Both know no
  loop. ``wait_errors`` makes what a wait ends with.
- How often to poll is ``pacing`` over a ``PollPolicy`` (in ``models.policies``, because ``Options`` carries one). Which
  failures are tolerated says ``RestoreError.transient``, for how long ``PollPolicy.patience``.

How the tracker works:

1. A job that was never seen may be missing (404) for ``PollPolicy.grace`` seconds; then it is "not found".
2. A job that was there, in a poll or in the answer to its create, and is missing (404 with the API's own document) is
   polled on. It is lost when it was missing for ``PollPolicy.patience`` seconds and in at least 5 polls in a row: its
   outcome is unknown. If it comes back, it is followed on.
3. Jobs of one batch are one group. A bad end of one member ends the group; a lost member does not: the others are
   followed to their ends. A good end needs all members, all done.
4. The members of a batch are complete when a list shows all that are known, or the grace is over; for the next poll
   they are open again, because a server may add jobs.
5. A change is a change of the words that ``describe`` gives; an end once seen stays.

Example: the create named job ``a`` of batch 7. Poll 1 lists the batch: ``a`` and ``b`` run, ``c`` is finished; the
group is complete and open. Poll 2 lists ``a`` and ``c`` only, so ``b`` is read alone: 404, missed once, still open.
Poll 3 lists ``b`` as finished (missed is 0 again) and ``a`` as BROKEN: the group is over, and the wait raises
``RestoreFailed`` for ``a``. Had ``a`` finished and ``b`` stayed away, the wait would have raised ``JobVanished``.

A job of single collections is over once its collections were read, too: a SUCCESSFUL one may have left some out.
``collection_reader`` reads them page after page, in the poll that shows the end, and ``collection_judge`` decides; it
keeps only what is not as asked. Until then the job counts as running, so a list that cannot be read is a failed poll
like any other, and the time-out bounds it. A list that shows too little is read again for ``PollPolicy.grace`` seconds.

An answer counts for the job that was asked for, and for no other: a job with another id, or one of another batch, is a
``DataError`` and so a failed poll. Ids are compared without regard to case (``tracker.key_of``).
"""

__all__: list[str] = []
