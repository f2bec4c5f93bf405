"""MiniStack as the local cloud runs it: nothing accepted is lost when it is killed, and what its
functions unpack is shared.

Runs in a process of its own, with the interpreter that has MiniStack installed; nothing else in
`local` imports what imports `ministack`. None of MiniStack's code is copied: the modules here
replace a few of its functions and containers from outside, which
`tests/local/test_emulator_contract.py` holds to the version that is pinned.
"""

# Where it answers for itself: a POST returns once what was deployed is on the disk.
KEEP_PATH = "/_evalyard/keep"
# Where a function's own credentials are had, `?function=<name>`: who runs it elsewhere (the stream
# host) runs it under its role too.
CREDENTIALS_PATH = "/_evalyard/credentials"
# What invocations printed since the last time that this was asked for, as JSON.
INVOCATIONS_PATH = "/_evalyard/invocations"
