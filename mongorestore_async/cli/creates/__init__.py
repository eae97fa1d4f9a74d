"""The commands that create restore jobs, and what they share: where the data come from, checks, and sending it.

In come the options of a command, out goes one create that was sent once, or the reason why it was not.

====================  =============================================================================================
file                  what is changed there
====================  =============================================================================================
``..._command``       one file per command, as in ``commands/``; ``create_options`` and ``collection_options`` beside it
``source_options``    what to restore from: a snapshot, an oplog timestamp, a point in time
``safety_options``    what is checked, or asked for, before a create is sent
``overwrite_prompt``  the question before data are overwritten
``sending``           dry runs, sending one create, and what is told when that is interrupted
====================  =============================================================================================
"""

__all__: list[str] = []
