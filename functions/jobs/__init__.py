"""The endpoint group of jobs: `/api/jobs*` and the dead letters under `/jobs/*`."""
