"""The endpoint group of datasets: `/user/data/*`."""
