"""The command line ``mongorestore-async`` (extra ``cli``).

``demo`` shows the library at work against the built-in emulator, ``jobs`` lists the restore jobs of one cluster,
``create`` starts a restore, ``emulator`` runs the emulator on its own.

API keys come from the environment or from a prompt, never from arguments, which other users of a machine can see.

Exit codes:

====  ==================================================================================================
code  meaning
====  ==================================================================================================
0     done
1     the API or the network failed, or a question was answered with no
2     usage: arguments, environment or settings are wrong; nothing was sent
3     finished, but a job failed, was cancelled or expired
4     not authorised: the key is wrong, or has no rights here
5     gave up waiting
6     a create was sent and its outcome is not known: a restore may be running
130   interrupted (Ctrl-C)
====  ==================================================================================================
"""

from mongorestore_async.cli.entry import main

__all__ = ["main"]
