"""What the commands that create restore jobs share: where the data come from, what is checked first, and sending it.

In come the options of a command, out goes one create that was sent once, or the reason why it was not.

====================  =============================================================================================
file                  what is changed there
====================  =============================================================================================
``source_options``    what to restore from: a snapshot, an oplog timestamp, a point in time
``safety_options``    what is checked, or asked for, before a create is sent
``overwrite_prompt``  the question before data are overwritten
``sending``           dry runs, sending one create, and what is told when that is interrupted
====================  =============================================================================================
"""

__all__: list[str] = []
