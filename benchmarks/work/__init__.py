"""The benchmarks: each module has ``measure(bench)``, which gives a result."""

__all__ = ["NAMES"]

#: In the order of the report.
NAMES = (
    "list_jobs",
    "structure_page",
    "documents",
    "fan_out",
    "fleet",
    "request",
    "steps",
    "instructions",
    "calls",
    "telemetry",
    "wire",
    "loop_stall",
    "memory",
    "kept_job",
    "latency",
    "fleet_latency",
    "fleet_trouble",
    "neighbour",
    "growth",
    "imports",
    "command_line",
    "first_use",
    "download",
    "loops",
)
