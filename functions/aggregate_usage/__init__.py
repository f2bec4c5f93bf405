"""Folds the segments of users that S3 events name."""
