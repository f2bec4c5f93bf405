"""The web app at `/`: serves what the build of `dashboard/` left in `static/`; knows no data."""
