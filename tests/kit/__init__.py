"""What tests build on: the template as data, its resources in moto, API Gateway's events."""
