"""Creating a restore once, and finding out its outcome.

A request comes in; the jobs it started go out, or an error that says what is certain. The API has no idempotency key,
and an automated restore wipes its target, so a create is prepared by reads and sent once.

- ``create``: the one create. It reads the job list first (which warms the login), sends, and turns an answer that
  leaves the outcome open into ``MaybeCreated``.
- ``reconciling``: what the list before and the list after tell about a lost answer. One new job that fits in every
  field is "taken"; that none is there proves nothing, so all else is "cannot tell".
- ``running_restores``: whether the same restore is running already (``ensure_restore``).
- ``matching``: whether a job comes from a request, compared in every field that both have. Both files above use it.
  ``collection_matching`` has the fields of restores of single collections.
- ``prechecks``: the vendor's rules over ``precheck_facts``, pure; ``precheck_reader`` reads those facts.
- ``restore_plan``: the dry run, and the refusals before a create: the guard (``RestoreGuard.check``), the pre-check.

A new rule of the vendor is a function in ``prechecks`` and a word of ``errors.Rule``; a new kind of job needs its pairs
of fields in ``matching``.
"""

__all__: list[str] = []
