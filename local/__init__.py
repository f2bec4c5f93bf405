"""The local cloud: the one template.yaml, deployed by SAM onto an AWS that runs on this machine.

Knows how to start, deploy to, seed and stop that AWS; knows nothing of Evalyard's endpoints
beyond the few that make the demo accounts.
"""
