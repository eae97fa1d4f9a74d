"""Watching: each change of every running restore that a fleet has, for as long as one looks. Changes nothing.

Members of a fleet and a query come in; changes go out, through an iterator whose ``anext`` can be
cancelled (``fleet_watch``).

- ``fleet_watch`` owns the tasks: one that finds projects anew from time to time, and one for each project.
- ``project_watch`` chooses which cluster of its project is read next, and ``schedule`` when: those with running jobs as
  often as ``PollPolicy`` says, the others at the idle interval; where both are due, three of the former for each of
  the latter.
- ``cluster_look`` reads the list of one cluster, and finds what has changed with the tracker of waits.
- ``poll_budget`` keeps all calls below a rate limit within its share.
- ``open_failures`` decides which failures are told, and when a place counts as recovered.

Theory of operation. A look reads a list: as far as it is known by the last look where the newest jobs come first, else
to its end. A job that is not over is tracked until it is; one that is over and was not there at the last look began
and ended in between. Changes wait in a bounded queue, and a project waits with them, so a slow reader slows the polls
down and loses nothing.

A call waits for its budget first, then for a slot; a project that fails has one call in flight, and all such projects
together a quarter of the slots. So one that hangs costs the others nothing.

Example: project A has 3 clusters, each with a running job; B answers 503. The first look at B tells FAILED, once. Its
clusters are read in turn, less and less often. One answers: the others are due at once, and after the last of them
RECOVERED is told. Meanwhile A was read every 10 to 60 s.
"""

__all__: list[str] = []
