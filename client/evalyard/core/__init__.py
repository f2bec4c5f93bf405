"""What the SDK says and understands, without I/O.

Each operation is a generator of steps (`wire.Request`, `wire.Pause`) that is sent what came of
them and returns what the caller gets. `evalyard.client` walks the steps with a blocking HTTP
client, `evalyard.aio` with asyncio's.
"""
