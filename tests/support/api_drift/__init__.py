"""Compares what this package knows of Atlas v2 with an OpenAPI document of the vendor.

``python -m api_drift spec.yaml`` prints what is new, gone or different, and ends with 1 if anything is; ``nox -s api --
spec.yaml`` runs it. ``known.txt`` holds differences that are understood: they count for nothing as long as they are
there, and are told when they are not there any more.

* ``document``: the document: operations with their versions, parameters and answers.
* ``package``: the same of this package, read from families and models.
* ``comparison``: the two side by side.
"""
