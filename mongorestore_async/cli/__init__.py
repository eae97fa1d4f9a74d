"""The command line ``mongorestore-async`` (extra ``cli``).

``demo`` shows the library at work against the built-in emulator, ``jobs`` and ``snapshots`` list those of one
cluster, ``fleet jobs`` lists the jobs of all clusters a key sees, ``create`` starts a restore, ``wait`` and ``watch``
follow it, ``download`` fetches and verifies its files, ``cancel`` cancels it where that exists, ``emulator`` runs the
emulator on its own.

API keys come from the environment or from a prompt, never from arguments, which other users of a machine can see.
Download URLs and tokens are printed by ``--show-secrets`` only.

Exit codes:

====  ==================================================================================================
code  meaning
====  ==================================================================================================
0     done
1     the API or the network failed, nothing fits, or a question got a no
2     usage: arguments, environment or settings are wrong, or the target is protected; nothing was sent
3     finished, but a job failed, was cancelled or expired
4     not authorised: the key is wrong, or has no rights here
5     gave up waiting: the time was over, the restore goes on; the command to go on with is printed
6     a create was sent and its outcome is not known: a restore may be running
7     a download broke off, is not ready, or the disk is full: run it again, it goes on where it was
8     a download link is expired or used up, or a hash is wrong: create a new restore job
9     a fleet was read, but for some of it: the table of failures on standard error says what, and why
130   interrupted (Ctrl-C); a restore goes on, and the command to go on with is printed
====  ==================================================================================================
"""

from mongorestore_async.cli.entry import main

__all__ = ["main"]
