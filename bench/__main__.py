"""`python -m bench [section …]`: measures, prints, and keeps what it measured."""

import importlib
import sys

from bench.report import write_page, write_report

# Each is a module of this package with `run() -> Section`, in the order of the page.
SECTIONS = (
    "append", "client", "cold_start", "end_to_end", "metrics", "usage", "gate", "export", "jobs",
    "job_costs", "gateway", "gateway_costs", "dashboard",
)  # fmt: skip
# Measured when named: what they need takes minutes to install.
OPTIONAL = ("mlflow", "mlflow_client", "celery", "lake")


def main(names: list[str]) -> int:
    """Run the named sections, or all that are not optional."""
    known = SECTIONS + OPTIONAL
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"error: no section {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    for name in names or SECTIONS:
        print(f"==> {name}", flush=True)
        section = importlib.import_module(f"bench.{name}").run()
        print(section.markdown(), flush=True)
        write_report(name, section)
        write_page(name, section)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
