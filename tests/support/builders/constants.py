"""Ids, addresses and moments that many tests use."""

from datetime import UTC, datetime

BASE_URL = "https://om.example.com:8443"
#: Ids of the vendor's examples.
PROJECT = "5196d3628d022db4cbc26d9e"
CLUSTER = "51a2ac88e4b0371c2dbf46ea"
JOB = "66b6a3b2c1d2e3f405060708"
JOBS = f"https://om.example.com:8443/api/public/v1.0/groups/{PROJECT}/clusters/{CLUSTER}/restoreJobs"
GROUPS = "/api/public/v1.0/groups"
#: Where a decoded job is said to be from.
PLACE = {"project": "P", "cluster": "C"}
#: The moment at which the emulator's clock starts.
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
