"""Fixtures of the tests of families."""

from __future__ import annotations

import pytest


@pytest.fixture
def answers(request, seed, server):
    """Answer with a document of the seed, under the headers of the seed that the module names in ``HEADERS``."""
    headers = seed(request.module.HEADERS)["headers"]

    def answer(document):
        server.will(document, headers=headers)
        return document

    return answer
