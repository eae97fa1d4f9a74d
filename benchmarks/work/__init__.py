"""The benchmarks: each module has ``measure(bench)``, which gives a result."""

__all__ = ["NAMES"]

#: In the order of the report.
NAMES = (
    "list_jobs",
    "structure_page",
    "documents",
    "fan_out",
    "steps",
    "instructions",
    "calls",
    "wire",
    "loop_stall",
    "memory",
    "latency",
    "fleet_latency",
    "fleet_trouble",
    "neighbour",
    "growth",
    "imports",
    "first_use",
    "download",
    "loops",
)
