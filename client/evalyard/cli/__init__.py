"""The command `evalyard`. Nothing of it is imported by the SDK."""
