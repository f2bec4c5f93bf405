"""What the runner's tests talk to: a device API, a model server, and a runner to point at them."""
