"""The endpoint group of devices: `/devices*`, for users, administrators and runners."""
