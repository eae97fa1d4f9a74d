"""Telemetry that stays in memory."""

from __future__ import annotations

import pytest

from builders.telemetry import Collector


@pytest.fixture
def telemetry():
    return Collector()
