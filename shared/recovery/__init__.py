"""The operator's way back to an earlier state: `python -m shared.recovery` (docs/runbook.md)."""
